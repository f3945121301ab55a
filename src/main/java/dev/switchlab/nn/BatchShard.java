package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.Dropout;
import dev.switchlab.distributed.ProcessGroup;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * Which sequences of a batch this pass computes: all, or those of one rank, where the others compute theirs at the same
 * time. Rank r of R has the r-th of R equal runs of sequences. What is drawn at random by token is drawn for the whole
 * batch on each rank, which keeps its own, so that a token's draws do not depend on R.
 *
 * @param world the ranks that share the batch; a single process for all of it
 * @param sequences b, how many this pass has
 */
public record BatchShard(ProcessGroup world, int sequences) {

    private static final BatchShard ALL = new BatchShard(ProcessGroup.single(), 1);

    /** All sequences. */
    public static BatchShard all() {
        return ALL;
    }

    /**
     * This rank's part of a batch of {@code sequences}. Where there are not as many for each rank, as in an epoch's
     * last batch, each rank computes all.
     */
    public static BatchShard of(ProcessGroup world, int sequences) {
        return world.size() == 1 || sequences % world.size() != 0
                ? ALL
                : new BatchShard(world, sequences / world.size());
    }

    /** Whether it is all of the batch. */
    public boolean isAll() {
        return world.size() == 1;
    }

    /** The first of its sequences. */
    public int first() {
        return world.rank() * sequences;
    }

    /** B: the sequences of the whole batch. */
    private int whole() {
        return sequences * world.size();
    }

    /** The numbers in the whole batch of this rank's {@code count} tokens, in their order. */
    int[] tokens(int count) {
        int[] tokens = new int[count];
        for (int t = 0; t < count; t++) {
            tokens[t] = t / sequences * whole() + first() + t % sequences;
        }
        return tokens;
    }

    /** Rows of this rank's tokens to rows of the whole batch's. All ranks call it together. */
    public float[] gather(float[] own, int width) {
        ByteBuffer part = ProcessGroup.bytes(own.length * Float.BYTES);
        part.asFloatBuffer().put(own);
        ByteBuffer all = ProcessGroup.bytes(Math.multiplyExact(part.capacity(), world.size()));
        world.allGather(part, all);
        FloatBuffer parts = all.asFloatBuffer();
        int run = sequences * width;
        float[] whole = new float[own.length * world.size()];
        for (int at = 0; at < own.length; at += run) {
            for (int rank = 0; rank < world.size(); rank++) {
                parts.get(rank * own.length + at, whole, at * world.size() + rank * run, run);
            }
        }
        return whole;
    }

    /** This rank's rows of those of the whole batch. */
    public float[] own(float[] whole, int width) {
        int run = sequences * width;
        float[] own = new float[whole.length / world.size()];
        for (int at = 0; at < own.length; at += run) {
            System.arraycopy(whole, at * world.size() + world.rank() * run, own, at, run);
        }
        return own;
    }

    /**
     * The factors of inverted dropout, 0 or {@code 1 / (1 - probability)}, as this rank's part of those of the whole
     * batch.
     *
     * @param groups how often a tensor of {@code shape}, as it lies in memory, begins anew with its first sequence: S
     *     for (S, b, ...) or (S * b, ...), 1 for (b * H, ...)
     */
    NDArray dropoutFactors(NDManager manager, Shape shape, double probability, long groups) {
        NDArray ones = manager.ones(new Shape(groups, world.size(), shape.size() / groups), DataType.FLOAT32);
        NDArray factors = Dropout.dropout(ones, (float) probability).singletonOrThrow();
        return (isAll() ? factors : factors.get(new NDIndex(":, {}", world.rank()))).reshape(shape);
    }
}
