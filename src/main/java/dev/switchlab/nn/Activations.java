package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig;
import java.util.List;

/** Element-wise pieces shared by dense and expert feed-forward networks. */
final class Activations {

    private Activations() {}

    static NDArray apply(ModelConfig.Activation activation, NDArray x) {
        return switch (activation) {
            case RELU -> ai.djl.nn.Activation.relu(x);
            case GELU -> ai.djl.nn.Activation.gelu(x);
            case SIGMOID -> ai.djl.nn.Activation.sigmoid(x);
            case SILU -> x.mul(ai.djl.nn.Activation.sigmoid(x));
            case RELU2 -> squared(ai.djl.nn.Activation.relu(x));
        };
    }

    private static NDArray squared(NDArray x) {
        return x.mul(x);
    }

    /** Inverted dropout of tokens' features, (S, B, ...) or (S * B, ...), in training; the identity otherwise. */
    static NDArray dropout(ForwardContext pass, NDArray x, double probability) {
        return product(x, factors(pass, x.getShape(), probability));
    }

    /** Inverted dropout of attention weights, (B * H, Q, M), in training; the identity otherwise. */
    static NDArray dropoutOfWeights(ForwardContext pass, NDArray x, double probability) {
        return product(x, factorsOfWeights(pass, x.getShape(), probability));
    }

    /**
     * Inverted dropout of rows that no sequence owns, such as those of an expert, in training: here each rank draws its
     * own; the identity otherwise.
     */
    static NDArray dropoutOfRows(ForwardContext pass, NDArray x, double probability) {
        return product(x, factorsOfRows(pass, x.getShape(), probability));
    }

    private static NDArray product(NDArray x, List<NDArray> factors) {
        return factors.isEmpty() ? x : x.mul(factors.get(0));
    }

    /** What {@link #dropout} multiplies by; nothing where it is the identity. */
    static List<NDArray> factors(ForwardContext pass, Shape shape, double probability) {
        long rows = shape.size() / shape.get(shape.dimension() - 1);
        return factors(
                pass, pass.shard(), shape, probability, rows / pass.shard().sequences());
    }

    /** What {@link #dropoutOfWeights} multiplies by; nothing where it is the identity. */
    static List<NDArray> factorsOfWeights(ForwardContext pass, Shape shape, double probability) {
        return factors(pass, pass.shard(), shape, probability, 1);
    }

    /** What {@link #dropoutOfRows} multiplies by; nothing where it is the identity. */
    static List<NDArray> factorsOfRows(ForwardContext pass, Shape shape, double probability) {
        return factors(pass, BatchShard.all(), shape, probability, 1);
    }

    private static List<NDArray> factors(
            ForwardContext pass, BatchShard shard, Shape shape, double probability, long groups) {
        return pass.training() && probability > 0
                ? List.of(shard.dropoutFactors(pass.manager(), shape, probability, groups))
                : List.of();
    }
}
