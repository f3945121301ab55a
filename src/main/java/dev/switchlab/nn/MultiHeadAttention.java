package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.nn.kernel.AttentionKernel;
import java.util.ArrayList;
import java.util.List;

/**
 * Scaled dot-product attention over H heads (reference: {@code labml_nn.transformers.mha.MultiHeadAttention}).
 *
 * <p>The list form takes query, key and value (S, B, D) and optionally a boolean mask (Q or 1, M, B or 1), and returns
 * the output.
 */
public final class MultiHeadAttention extends LabBlock {

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

    /** The same without norms of queries and keys. */
    public MultiHeadAttention(int heads, int dModel, double dropout, boolean bias, Positions positions) {
        this(heads, dModel, dropout, bias, positions, false);
    }

    /**
     * @param heads number of heads; divides {@code dModel}
     * @param dModel features of query, key, value and output
     * @param dropout dropout probability of the attention weights
     * @param bias whether query and key projections have a bias
     * @param positions {@link Positions#ROTARY} turns queries and keys by position; the others leave them alone
     * @param qkNorm whether each head's queries and keys are normalised before that
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
     * @param y output, (Q, B, D)
     * @param weights attention weights after dropout, (B * H, Q, M)
     */
    public record Output(NDArray y, NDArray weights) {}

    /**
     * @param q queries (Q, B, D)
     * @param k keys (M, B, D)
     * @param v values (M, B, D)
     * @param mask what may attend, or null for everything
     */
    public Output forward(Pass pass, NDArray q, NDArray k, NDArray v, AttentionMask mask) {
        if (!pass.isFused()) {
            return plain(pass, q, k, v, mask);
        }
        if (q == k && k == v && (dropout == 0 || !pass.training())) {
            return fused(pass, q, mask);
        }
        List<NDArray> leaves = List.of(pass.leaf(q), pass.leaf(k), pass.leaf(v));
        NDArray[] weights = new NDArray[1];
        NDArray y = pass.source(() -> {
            Output output = plain(pass.plain(), leaves.get(0), leaves.get(1), leaves.get(2), mask);
            weights[0] = output.weights;
            return output.y;
        });
        return new Output(y, weights[0]);
    }

    /** Self-attention: z (S, B, D). */
    private Output fused(Pass pass, NDArray z, AttentionMask mask) {
        List<LinearLayer> layers = List.of(query.linear, key.linear, value.linear, output);
        List<NDArray> weights = new ArrayList<>();
        for (LinearLayer layer : layers) {
            weights.add(value(pass, layer.weight()));
            weights.add(layer.bias() == null ? zeros(pass) : value(pass, layer.bias()));
        }
        List<NDArray> bias = mask == null
                ? List.of()
                : List.of(mask.of(
                        z.getShape().get(0), z.getShape().get(0), z.getShape().get(1)));
        List<NDArray> turn = rotary == null
                ? List.of()
                : rotary.anglesOf(pass.modelManager(), z.getShape().get(0));
        List<Parameter> norms = queryNorm == null ? List.of() : List.of(queryNorm.weight(), keyNorm.weight());
        List<NDArray> factors =
                norms.stream().map(parameter -> value(pass, parameter)).toList(); // (W) each
        AttentionKernel.Saved saved = AttentionKernel.forward(
                pass.manager(),
                z,
                weights,
                factors,
                bias,
                turn,
                heads,
                pass.kernels().dense());
        pass.record(saved.y(), dy -> {
            NDArray[] gradients = AttentionKernel.backward(
                    pass.manager(),
                    dy,
                    saved,
                    weights,
                    factors,
                    turn,
                    heads,
                    pass.kernels().dense());
            pass.add(z, gradients[0]);
            for (int i = 0; i < layers.size(); i++) {
                pass.add(layers.get(i).weight(), gradients[1 + 2 * i]);
                if (layers.get(i).bias() != null) {
                    pass.add(layers.get(i).bias(), gradients[2 + 2 * i]);
                }
            }
            for (int i = 0; i < norms.size(); i++) {
                pass.add(norms.get(i), gradients[1 + 2 * layers.size() + i]);
            }
        });
        saved.allButWeights().forEach(pass::release);
        return new Output(saved.y(), saved.weights());
    }

    private NDArray zeros(Pass pass) {
        return pass.manager().zeros(new Shape(dModel)); // (D)
    }

    private Output plain(Pass pass, NDArray q, NDArray k, NDArray v, AttentionMask mask) {
        long seq = q.getShape().get(0);
        long batch = q.getShape().get(1);
        NDArray queries = positioned(pass, normed(pass, queryNorm, split(query.forward(pass, q))))
                .transpose(1, 0, 2); // (B * H, Q, W)
        NDArray keys = positioned(pass, normed(pass, keyNorm, split(key.forward(pass, k))))
                .transpose(1, 2, 0); // (B * H, W, M)
        NDArray values = split(value.forward(pass, v)).transpose(1, 0, 2); // (B * H, M, W)

        NDArray scale = constant(pass, (float) (1 / Math.sqrt(headWidth)));
        NDArray scores = queries.batchMatMul(keys).mul(scale); // (B * H, Q, M)
        if (mask != null) {
            scores = mask.apply(scores, batch, heads);
        }
        NDArray weights = Activations.dropout(pass, scores.softmax(-1), dropout, 1); // (B * H, Q, M)
        NDArray mixed = weights.batchMatMul(values).transpose(1, 0, 2); // (Q, B * H, W)
        return new Output(output.forward(pass, mixed.reshape(seq, batch, dModel)), weights);
    }

    /** (S, B, D) to (S, B * H, W): with time first, heads are just more batch. */
    private NDArray split(NDArray x) {
        Shape shape = x.getShape();
        return x.reshape(shape.get(0), shape.get(1) * heads, headWidth);
    }

    private static NDArray normed(Pass pass, RmsNormLayer norm, NDArray x) {
        return norm == null ? x : norm.forward(pass, x);
    }

    private NDArray positioned(Pass pass, NDArray x) {
        return rotary == null ? x : rotary.apply(pass.modelManager(), x);
    }

    @Override
    NDList forwardList(Pass pass, NDList inputs) {
        AttentionMask mask = inputs.size() > 3 ? AttentionMask.of(inputs.get(3)) : null;
        return new NDList(
                forward(pass, inputs.get(0), inputs.get(1), inputs.get(2), mask).y());
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

        NDArray forward(Pass pass, NDArray x) {
            return linear.forward(pass, x);
        }

        @Override
        NDList forwardList(Pass pass, NDList inputs) {
            return new NDList(forward(pass, inputs.head()));
        }
    }
}
