package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.nn.kernel.Script;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Rows of tokens on their way to the ranks that have their experts, through these, and back: all-to-all out and home,
 * forward and backward.
 *
 * <p>Of R ranks each has P experts. A rank's rows, sorted by expert, are sorted by the rank they go to, too. What
 * arrives is sorted by the rank it comes from and then by expert; it is gathered so that each expert's rows stand
 * together, and scattered back by the same numbers.
 */
final class ExpertAllToAll implements Graph.Function {

    private static final Script SCRIPT = Script.of("dispatch");

    private final ForwardContext pass;
    private final ProcessGroup world;
    private final Graph.Function experts;
    private final int[] leaving;
    private final int[] arriving;
    private final NDArray order;
    private final NDArray places;

    /**
     * Rows through the experts that they belong to, wherever these are: (R, D), sorted by expert without gaps, to (R,
     * D). Rows behind those that are counted go nowhere. All ranks call it together, and its gradient, too.
     *
     * @param own this rank's experts
     * @param counts rows that this rank has for each expert of the layer
     */
    ExpertAllToAll(ForwardContext pass, Experts own, int[] counts) {
        this.pass = pass;
        ExpertShard part = own.shard();
        world = part.world();
        int p = part.count();
        int ranks = world.size();
        int[][] theirs = counts(counts, p);
        leaving = IntStream.range(0, ranks)
                .map(rank -> Arrays.stream(counts, rank * p, (rank + 1) * p).sum())
                .toArray();
        arriving = Arrays.stream(theirs).mapToInt(of -> Arrays.stream(of).sum()).toArray();
        int rows = Arrays.stream(arriving).sum();
        long[] offsets = ExpertRows.offsets(
                IntStream.range(0, p)
                        .map(expert ->
                                Arrays.stream(theirs).mapToInt(of -> of[expert]).sum())
                        .toArray(),
                pass.kernels().experts().grain());
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
        order = pass.manager().create(from); // (X)
        places = pass.manager().create(to); // (A)
        experts = own.grouped(pass, offsets);
    }

    /** What each rank has for each of this rank's experts: by rank, by expert. */
    private int[][] counts(int[] own, int p) {
        int[] bytes = new int[world.size()];
        Arrays.fill(bytes, p * Integer.BYTES);
        ByteBuffer out = ProcessGroup.bytes(own.length * Integer.BYTES);
        out.asIntBuffer().put(own);
        ByteBuffer in = ProcessGroup.bytes(own.length * Integer.BYTES);
        world.allToAll(out, bytes, in, bytes);
        int[][] counts = new int[world.size()][p];
        for (int rank = 0; rank < counts.length; rank++) {
            in.asIntBuffer().get(rank * p, counts[rank]);
        }
        return counts;
    }

    @Override
    public NDArray forward(NDArray in) {
        return through(in, experts::forward);
    }

    @Override
    public NDArray backward(NDArray dy) {
        return through(dy, experts::backward);
    }

    /** To the ranks that have the experts, through {@code function} there, and home: (R, D) to (R, D). */
    private NDArray through(NDArray rows, UnaryOperator<NDArray> function) {
        try (NDArray arrived = exchange(rows, leaving, arriving); // (A + 1, D), a row of zeros last
                NDArray x = rows(arrived, order); // (X, D)
                NDArray y = function.apply(x); // (X, D)
                NDArray sorted = rows(y, places); // (A, D)
                NDArray home = exchange(sorted, arriving, leaving)) { // (kept + 1, D), a row of zeros last
            return SCRIPT.differentiable(
                    pass.manager(), "first", home, rows.getShape().get(0)); // (R, D)
        }
    }

    private NDArray rows(NDArray x, NDArray numbers) {
        return SCRIPT.differentiable(pass.manager(), "rows_of", x, numbers);
    }

    private NDArray exchange(NDArray rows, int[] out, int[] in) {
        int width = Math.toIntExact(rows.getShape().get(1)); // D
        int size = width * Float.BYTES;
        NDArray received = pass.manager().zeros(new Shape(Arrays.stream(in).sum() + 1L, width), DataType.FLOAT32);
        ByteBuffer from = HostCopy.memory(rows).limit(Arrays.stream(out).sum() * size);
        ByteBuffer into = HostCopy.memory(received).limit(Arrays.stream(in).sum() * size);
        world.allToAll(from, bytes(out, size), into, bytes(in, size));
        return received;
    }

    private static int[] bytes(int[] rows, int size) {
        return Arrays.stream(rows).map(count -> Math.multiplyExact(count, size)).toArray();
    }
}
