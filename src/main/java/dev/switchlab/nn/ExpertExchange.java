package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.nn.kernel.DispatchKernel;
import dev.switchlab.nn.kernel.ProductKernels;
import dev.switchlab.world.World;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Rows of tokens on their way to the ranks that have their experts, through these, and back: all-to-all out and home,
 * forward and backward.
 *
 * <p>Of R ranks each has P experts. A rank's rows, sorted by expert, are sorted by the rank they go to, too. What
 * arrives is sorted by the rank it comes from and then by expert; it is gathered so that each expert's rows stand
 * together, and scattered back by the same numbers.
 */
final class ExpertExchange {

    private final World world;
    private final int[] leaving;
    private final int[] arriving;
    private final long[] offsets;
    private final NDArray order;
    private final NDArray places;

    /**
     * @param counts rows that this rank has for each expert of the layer
     * @param grain rows per expert are rounded up to a multiple of this by rows of zeros
     */
    private ExpertExchange(NDManager manager, ExpertPart part, int[] counts, int grain) {
        world = part.world();
        int p = part.count();
        int ranks = world.size();
        int[][] theirs = counts(counts, p);
        leaving = IntStream.range(0, ranks)
                .map(rank -> Arrays.stream(counts, rank * p, (rank + 1) * p).sum())
                .toArray();
        arriving = Arrays.stream(theirs).mapToInt(of -> Arrays.stream(of).sum()).toArray();
        int rows = Arrays.stream(arriving).sum();
        offsets = new long[p + 1];
        for (int expert = 0; expert < p; expert++) {
            int own = expert;
            int count = Arrays.stream(theirs).mapToInt(of -> of[own]).sum();
            offsets[expert + 1] = offsets[expert] + (count + grain - 1L) / grain * grain;
        }
        // libtorch gathers no empty matrix.
        offsets[p] = Math.max(1, offsets[p]);
        long[] from = new long[(int) offsets[p]];
        Arrays.fill(from, rows); // the row of zeros that stands behind all others
        long[] to = new long[Math.max(1, rows)];
        long[] next = Arrays.copyOf(offsets, p);
        int row = 0;
        for (int[] of : theirs) {
            for (int expert = 0; expert < p; expert++) {
                for (int i = 0; i < of[expert]; i++) {
                    to[row] = next[expert];
                    from[(int) next[expert]++] = row++;
                }
            }
        }
        order = manager.create(from); // (X)
        places = manager.create(to); // (A)
    }

    /** What each rank has for each of this rank's experts: by rank, by expert. */
    private int[][] counts(int[] own, int p) {
        int[] bytes = new int[world.size()];
        Arrays.fill(bytes, p * Integer.BYTES);
        ByteBuffer out = World.bytes(own.length * Integer.BYTES);
        out.asIntBuffer().put(own);
        ByteBuffer in = World.bytes(own.length * Integer.BYTES);
        world.allToAll(out, bytes, in, bytes);
        int[][] counts = new int[world.size()][p];
        for (int rank = 0; rank < counts.length; rank++) {
            in.asIntBuffer().get(rank * p, counts[rank]);
        }
        return counts;
    }

    /**
     * Rows through the experts that they belong to, wherever these are. All ranks call it together, and its gradient,
     * too.
     *
     * @param networks this rank's experts
     * @param in (R, D), sorted by expert without gaps; rows behind those that {@code counts} counts go nowhere
     * @param counts how many rows each expert of the layer gets of these
     * @return the experts' outputs in the order of {@code in}, (R + 1, D), and how to differentiate them: (R, D) to (R
     *     + 1, D); the last row is zero
     */
    static Networks.Run run(
            Pass pass, ExpertPart part, Networks networks, NDArray in, int[] counts, ProductKernels kernels) {
        NDManager manager = pass.manager();
        ExpertExchange exchange = new ExpertExchange(manager, part, counts, kernels.grain());
        NDArray arrived = exchange.out(manager, in); // (A + 1, D)
        NDArray x = DispatchKernel.rows(manager, arrived, exchange.order); // (X, D)
        arrived.close();
        Networks.Run own = networks.run(pass, x, exchange.offsets, kernels);
        NDArray y = exchange.home(manager, own.y()); // (R + 1, D)
        own.y().close();
        pass.release(x);
        return new Networks.Run(y, dy -> {
            NDArray down = exchange.out(manager, dy); // (A + 1, D)
            NDArray ordered = DispatchKernel.rows(manager, down, exchange.order); // (X, D)
            down.close();
            NDArray dx = own.backward(ordered); // (X, D)
            ordered.close();
            x.close();
            NDArray home = exchange.home(manager, dx); // (R + 1, D)
            dx.close();
            return home;
        });
    }

    /** (R, D) to the ranks that have the experts: what comes, (A + 1, D), a row of zeros last. */
    private NDArray out(NDManager manager, NDArray rows) {
        return exchange(manager, rows, leaving, arriving);
    }

    /** The experts' rows, (X, D), to where they came from: (R + 1, D), a row of zeros last. */
    private NDArray home(NDManager manager, NDArray rows) {
        try (NDArray sorted = DispatchKernel.rows(manager, rows, places)) { // (A, D)
            return exchange(manager, sorted, arriving, leaving);
        }
    }

    private NDArray exchange(NDManager manager, NDArray rows, int[] out, int[] in) {
        int width = Math.toIntExact(rows.getShape().get(1)); // D
        int size = width * Float.BYTES;
        NDArray received = manager.zeros(new Shape(Arrays.stream(in).sum() + 1L, width), DataType.FLOAT32);
        ByteBuffer from = HostCopy.memory(rows).limit(Arrays.stream(out).sum() * size);
        ByteBuffer into = HostCopy.memory(received).limit(Arrays.stream(in).sum() * size);
        world.allToAll(from, bytes(out, size), into, bytes(in, size));
        return received;
    }

    private static int[] bytes(int[] rows, int size) {
        return Arrays.stream(rows).map(count -> Math.multiplyExact(count, size)).toArray();
    }
}
