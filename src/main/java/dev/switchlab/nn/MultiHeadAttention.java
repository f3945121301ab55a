package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.nn.kernel.Script;
import java.util.ArrayList;
import java.util.List;

/**
 * Scaled dot-product attention over H heads (reference: {@code labml_nn.transformers.mha.MultiHeadAttention}).
 *
 * <p>The list form takes query, key and value (S, B, D) and optionally a boolean mask (Q or 1, M, B or 1), and returns
 * the output.
 */
public final class MultiHeadAttention extends LabBlock {

    private static final Script SCRIPT = Script.of("linear", "norm", "attention");

    /** Queries that see keys to the same end, under a causal mask: half of the scores would be computed for nothing. */
    private static final long BLOCK = 64;

    private final int heads;
    private final int dModel;
    private final int headWidth;
    private final double dropout;
    private final Projection query;
    private final Projection key;
    private final Projection value;
    private final LinearLayer output;
    private final RmsNormLayer queryNorm;
    private final RmsNormLayer keyNorm;
    private final Rotary rotary;

    /** Attention without norms of queries and keys. */
    public MultiHeadAttention(int heads, int dModel, double dropout, boolean bias, Positions positions) {
        this(heads, dModel, dropout, bias, positions, false);
    }

    /**
     * @param heads number of heads; divides {@code dModel}
     * @param dModel features of query, key, value and output
     * @param dropout dropout probability of the attention weights
     * @param bias whether query and key projections have a bias
     * @param positions {@link Positions#ROTARY} turns queries and keys by position; the others leave them alone
     * @param qkNorm whether each head's queries and keys are normalized before that
     */
    public MultiHeadAttention(
            int heads, int dModel, double dropout, boolean bias, Positions positions, boolean qkNorm) {
        if (dModel % heads != 0) {
            throw new IllegalArgumentException("heads must divide d_model: " + heads + " does not divide " + dModel);
        }
        this.heads = heads;
        this.dModel = dModel;
        this.dropout = dropout;
        headWidth = dModel / heads;
        query = child("query", new Projection(dModel, bias));
        key = child("key", new Projection(dModel, bias));
        value = child("value", new Projection(dModel, true));
        output = child("output", new LinearLayer(dModel, dModel, true));
        queryNorm = qkNorm ? child("q_norm", new RmsNormLayer(headWidth)) : null;
        keyNorm = qkNorm ? child("k_norm", new RmsNormLayer(headWidth)) : null;
        rotary = positions == Positions.ROTARY ? new Rotary(headWidth) : null;
    }

    /**
     * @param q queries (Q, B, D)
     * @param k keys (M, B, D)
     * @param v values (M, B, D)
     * @param mask what may attend, or null for everything
     * @return (Q, B, D)
     */
    public NDArray forward(ForwardContext pass, NDArray q, NDArray k, NDArray v, AttentionMask mask) {
        if (pass.hasKernels() && q == k && k == v) {
            return byKernel(pass, q, mask);
        }
        NDArray weights = Activations.dropoutOfWeights(pass, attention(pass, q, k, mask), dropout); // (B * H, Q, M)
        NDArray values = split(value.forward(pass, v)).transpose(1, 0, 2); // (B * H, M, W)
        NDArray mixed = weights.batchMatMul(values).transpose(1, 0, 2); // (Q, B * H, W)
        return output.forward(pass, mixed.reshape(q.getShape())); // (Q, B, D)
    }

    /**
     * The attention weights by plain operators, before dropout: {@code softmax(q k^T / sqrt(W) + mask)}.
     *
     * @param q queries (Q, B, D)
     * @param k keys (M, B, D)
     * @param mask what may attend, or null for everything
     * @return (B * H, Q, M)
     */
    public NDArray attention(ForwardContext pass, NDArray q, NDArray k, AttentionMask mask) {
        NDArray queries = positioned(pass, normed(pass, queryNorm, split(query.forward(pass, q))))
                .transpose(1, 0, 2); // (B * H, Q, W)
        NDArray keys = positioned(pass, normed(pass, keyNorm, split(key.forward(pass, k))))
                .transpose(1, 2, 0); // (B * H, W, M)
        NDArray scale = constant(pass, (float) (1 / Math.sqrt(headWidth)));
        NDArray scores = queries.batchMatMul(keys).mul(scale); // (B * H, Q, M)
        if (mask != null) {
            scores = mask.apply(scores, q.getShape().get(1), heads);
        }
        return scores.softmax(-1); // (B * H, Q, M)
    }

    /** Self-attention: z (S, B, D). */
    private NDArray byKernel(ForwardContext pass, NDArray z, AttentionMask mask) {
        Shape shape = z.getShape();
        long seq = shape.get(0);
        long batch = shape.get(1);
        boolean causal = mask != null && mask.isCausal();
        return pass.run(
                SCRIPT,
                "attention",
                z,
                weights(pass),
                norms(pass),
                angles(pass, seq),
                mask == null ? List.of() : List.of(mask.of(seq, seq, batch)),
                Activations.factorsOfWeights(pass, new Shape(batch * heads, seq, seq), dropout),
                causal ? BLOCK : seq,
                heads,
                pass.kernels().dense().code(),
                pass.kernels().rounds()); // (S, B, D)
    }

    /** Query, key, value, output: weight and bias of each, zeros for a bias that there is not. */
    List<NDArray> weights(ForwardContext pass) {
        List<NDArray> weights = new ArrayList<>();
        for (LinearLayer layer : List.of(query.linear, key.linear, value.linear, output)) {
            weights.add(value(pass, layer.weight())); // (D, D)
            weights.add(
                    layer.bias() == null ? pass.manager().zeros(new Shape(dModel)) : value(pass, layer.bias())); // (D)
        }
        return weights;
    }

    /** As {@link #weights}, with query, key and value one behind the other: (3 * D, D) and (3 * D), (D, D) and (D). */
    List<NDArray> joinedWeights(ForwardContext pass) {
        List<NDArray> w = weights(pass);
        return List.of(
                NDArrays.concat(new NDList(w.get(0), w.get(2), w.get(4)), 0),
                NDArrays.concat(new NDList(w.get(1), w.get(3), w.get(5)), 0),
                w.get(6),
                w.get(7));
    }

    /** Factors (W) of normalized queries and keys; nothing without norms. */
    List<NDArray> norms(ForwardContext pass) {
        return queryNorm == null ? List.of() : values(pass, queryNorm.weight(), keyNorm.weight());
    }

    /** Cosines and sines (S, W / 2) of rotary positions; nothing without. */
    List<NDArray> angles(ForwardContext pass, long seq) {
        return rotary == null ? List.of() : rotary.angles(pass.modelManager(), seq);
    }

    /** (S, B, D) to (S, B * H, W): with time first, heads are just more batch. */
    private NDArray split(NDArray x) {
        Shape shape = x.getShape();
        return x.reshape(shape.get(0), shape.get(1) * heads, headWidth);
    }

    private static NDArray normed(ForwardContext pass, RmsNormLayer norm, NDArray x) {
        return norm == null ? x : norm.forward(pass, x);
    }

    private NDArray positioned(ForwardContext pass, NDArray x) {
        return rotary == null ? x : rotary.apply(pass.modelManager(), x);
    }

    @Override
    NDList forwardList(ForwardContext pass, NDList inputs) {
        AttentionMask mask = inputs.size() > 3 ? AttentionMask.of(inputs.get(3)) : null;
        return new NDList(forward(pass, inputs.get(0), inputs.get(1), inputs.get(2), mask));
    }

    @Override
    public void clear() {
        super.clear();
        if (rotary != null) {
            rotary.clear();
        }
    }

    /** Keeps the reference's names: {@code query.linear.weight}. */
    private static final class Projection extends LabBlock {

        private final LinearLayer linear;

        Projection(int dModel, boolean bias) {
            linear = child("linear", new LinearLayer(dModel, dModel, bias));
        }

        NDArray forward(ForwardContext pass, NDArray x) {
            return linear.forward(pass, x);
        }

        @Override
        NDList forwardList(ForwardContext pass, NDList inputs) {
            return new NDList(forward(pass, inputs.head()));
        }
    }
}
