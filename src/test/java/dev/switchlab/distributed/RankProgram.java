package dev.switchlab.distributed;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * What tests run as one of several ranks: {@code main} with the name of a scene. Prints what it finds, a line per rank.
 */
final class RankProgram {

    private static final int COUNT = 1001;

    private RankProgram() {}

    /** Exits with 1 and a line where the world breaks. */
    public static void main(String[] args) throws InterruptedException, IOException {
        try {
            ProcessGroup world = ProcessGroup.start();
            play(world, args[0]);
            world.finish();
        } catch (ProcessGroupException e) {
            System.err.println("switchlab: " + e.getMessage());
            Runtime.getRuntime().halt(1);
        }
    }

    private static void play(ProcessGroup world, String scene) throws InterruptedException, IOException {
        switch (scene) {
            case "collectives" -> System.out.println("rank " + world.rank() + " " + collectives(world));
            case "killed" -> {
                meet(world, 3);
                if (world.rank() == world.size() - 1) {
                    new ProcessBuilder(
                                    "kill",
                                    "-9",
                                    Long.toString(ProcessHandle.current().pid()))
                            .inheritIO()
                            .start();
                    Thread.sleep(600_000);
                }
                meet(world, 1);
            }
            case "hangs" -> {
                meet(world, 3);
                if (world.rank() == world.size() - 1) {
                    Thread.sleep(600_000);
                }
                meet(world, 1);
            }
            case "unequal" ->
                world.requireSame(Map.of("libtorch", "2.7.1", "switchlab", world.rank() == 1 ? "0.2" : "0.1"));
            case "time" -> time(world);
            case "alone" -> System.out.println("size " + world.size());
            default -> throw new IllegalArgumentException(scene);
        }
    }

    private static void meet(ProcessGroup world, int times) {
        for (int i = 0; i < times; i++) {
            world.sum(floats(COUNT));
        }
    }

    private static FloatBuffer floats(int count) {
        return ProcessGroup.bytes(count * Float.BYTES).asFloatBuffer();
    }

    /** A digest of all that this rank received, after it was held against what plain Java says. */
    private static String collectives(ProcessGroup world) {
        int digest = 0;
        for (int count : new int[] {0, 1, 2, 3, 7, COUNT, 300_000}) {
            FloatBuffer values = floats(count + 2).slice(1, count);
            values.put(0, random(world.rank(), count));
            world.sum(values);
            float[] expected = new float[count];
            for (int r = 0; r < world.size(); r++) {
                float[] part = random(r, count);
                for (int i = 0; i < count; i++) {
                    expected[i] = r == 0 ? part[i] : expected[i] + part[i];
                }
            }
            float[] sum = new float[count];
            values.get(0, sum);
            require(Arrays.equals(sum, expected), "sum of " + count);
            digest = 31 * digest + Arrays.hashCode(sum);
        }

        require(sumsUnderWay(world), "sums under way");

        int[] sizes = new int[world.size()];
        int[] incoming = new int[world.size()];
        for (int r = 0; r < world.size(); r++) {
            sizes[r] = 10 * world.rank() + r; // rank 0 sends nothing to itself
            incoming[r] = 10 * r + world.rank();
        }
        ByteBuffer out = ProcessGroup.bytes(Arrays.stream(sizes).sum());
        for (int r = 0; r < world.size(); r++) {
            for (int i = 0; i < sizes[r]; i++) {
                out.put((byte) (100 * world.rank() + 10 * r + i));
            }
        }
        ByteBuffer in = ProcessGroup.bytes(Arrays.stream(incoming).sum());
        world.allToAll(out.flip(), sizes, in, incoming);
        for (int r = 0; r < world.size(); r++) {
            for (int i = 0; i < incoming[r]; i++) {
                require(in.get() == (byte) (100 * r + 10 * world.rank() + i), "all-to-all from " + r);
            }
        }

        for (int root = 0; root < world.size(); root++) {
            require(
                    new String(world.broadcast(("I am " + world.rank()).getBytes(UTF_8), root), UTF_8)
                            .equals("I am " + root),
                    "tell");
        }
        for (int r = 0; r < world.size(); r++) {
            require(world.gather(new double[] {world.rank(), 0.1}).get(r)[0] == r, "gather");
        }
        require(world.any(world.rank() == world.size() - 1) && !world.any(false), "any");
        world.requireSame(Map.of("a", "1"));
        world.barrier(Duration.ofSeconds(60));
        return "of " + world.size() + " digest " + digest;
    }

    /** Several begun before the first has ended, with another collective between. */
    private static boolean sumsUnderWay(ProcessGroup world) {
        List<FloatBuffer> values = new ArrayList<>();
        List<ProcessGroup.AllReduce> sums = new ArrayList<>();
        for (int count : new int[] {100_000, 1, 0, COUNT}) {
            FloatBuffer own = floats(count);
            for (int i = 0; i < count; i++) {
                own.put(i, i % 100 + world.rank());
            }
            values.add(own);
            sums.add(world.beginAllReduce(own));
            world.progress();
            require(world.any(true), "any beside sums");
        }
        sums.forEach(ProcessGroup.AllReduce::end);
        int ranks = world.size();
        return values.stream()
                .allMatch(own -> IntStream.range(0, own.capacity())
                        .allMatch(i -> own.get(i) == i % 100 * ranks + ranks * (ranks - 1) / 2f));
    }

    private static void time(ProcessGroup world) {
        FloatBuffer values = floats(2_000_000);
        meet(world, 10);
        for (int i = 0; i < 20; i++) {
            world.sum(values);
        }
        long begun = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            world.sum(values);
        }
        double large = (System.nanoTime() - begun) / 20e6;
        begun = System.nanoTime();
        for (int i = 0; i < 2000; i++) {
            world.any(false);
        }
        double small = (System.nanoTime() - begun) / 2000e3;
        System.out.printf("rank %d: sum of 8 MB %.2f ms, any %.1f us%n", world.rank(), large, small);
    }

    private static float[] random(int rank, int count) {
        Random random = new Random(rank);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (random.nextFloat() - 0.5f) * (float) Math.pow(10, random.nextInt(8));
        }
        return values;
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
