package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Which keys a query may attend to, as a bias of the scores: 0 may, -infinity may not. Adding it equals torch's
 * {@code masked_fill(-inf)} to the bit.
 */
public final class AttentionMask implements AutoCloseable {

    /** (Q or 1, M, B or 1); owns the memory that {@link #bias} looks at. */
    private final NDArray layout;

    private final Shape shape;

    /** (1, Q or 1, M) for all sequences, or (B, 1, Q or 1, M). */
    private final NDArray bias;

    private final boolean causal;

    /**
     * Brings (Q or 1, M, B or 1) into the layout of the scores once: views made at each use would pile up in its
     * manager.
     */
    private AttentionMask(NDArray layout, boolean causal) {
        this.layout = layout;
        this.causal = causal;
        shape = layout.getShape();
        bias = shape.get(2) == 1
                ? layout.reshape(1, shape.get(0), shape.get(1))
                : layout.transpose(2, 0, 1).expandDims(1);
    }

    /**
     * A mask in the reference's layout.
     *
     * @param allowed boolean (Q or 1, M, B or 1), true = may attend
     */
    public static AttentionMask of(NDArray allowed) {
        Shape shape = allowed.getShape();
        if (allowed.getDataType() != DataType.BOOLEAN || shape.dimension() != 3) {
            throw new IllegalArgumentException("an attention mask is boolean (queries or 1, keys, batch or 1), got "
                    + allowed.getDataType() + " " + shape);
        }
        boolean[] may = HostCopy.booleans(allowed);
        float[] bias = new float[may.length];
        for (int i = 0; i < may.length; i++) {
            bias[i] = may[i] ? 0 : Float.NEGATIVE_INFINITY;
        }
        return new AttentionMask(allowed.getManager().create(bias, shape), false);
    }

    /** Each position sees itself and what came before: (S, S, 1). The mask lives as long as {@code manager}. */
    public static AttentionMask causal(NDManager manager, int seqLen) {
        float[] bias = new float[seqLen * seqLen];
        for (int query = 0; query < seqLen; query++) {
            for (int key = query + 1; key < seqLen; key++) {
                bias[query * seqLen + key] = Float.NEGATIVE_INFINITY;
            }
        }
        return new AttentionMask(manager.create(bias, new Shape(seqLen, seqLen, 1)), true);
    }

    /** Whether each position sees itself and what came before. */
    boolean isCausal() {
        return causal;
    }

    /** Adds the mask to scores (B * H, Q, M). */
    NDArray apply(NDArray scores, long batch, long heads) {
        Shape all = scores.getShape();
        long q = all.get(1);
        long k = all.get(2);
        of(q, k, batch);
        if (shape.get(2) == 1) {
            return scores.add(bias); // (B * H, Q, M)
        }
        return scores.reshape(batch, heads, q, k).add(bias).reshape(all); // (B * H, Q, M)
    }

    /** The bias, (1, Q or 1, M) or (B, 1, Q or 1, M), if it fits. */
    NDArray of(long q, long k, long batch) {
        check(q, k, batch);
        return bias;
    }

    @Override
    public void close() {
        bias.close();
        layout.close();
    }

    private void check(long q, long k, long batch) {
        boolean fits = (shape.get(0) == q || shape.get(0) == 1)
                && shape.get(1) == k
                && (shape.get(2) == batch || shape.get(2) == 1);
        if (!fits) {
            throw new IllegalArgumentException("attention mask " + shape + " does not fit " + q + " queries, " + k
                    + " keys and batch " + batch + ": it must be (" + q + " or 1, " + k + ", " + batch + " or 1)");
        }
    }
}
