package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import dev.switchlab.experiment.ModelConfig;

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
    static NDArray dropout(Pass pass, NDArray x, double probability) {
        long rows = x.size() / x.getShape().get(x.getShape().dimension() - 1);
        return dropout(pass, x, probability, rows / pass.part().sequences());
    }

    /** The same where x has its sequences in {@code groups} like {@link BatchPart#dropout}. */
    static NDArray dropout(Pass pass, NDArray x, double probability, long groups) {
        return pass.training() && probability > 0 ? pass.part().dropout(pass.manager(), x, probability, groups) : x;
    }

    /** The same for rows that no sequence owns, such as those of an expert: here each rank draws its own. */
    static NDArray dropoutOfRows(Pass pass, NDArray x, double probability) {
        return pass.training() && probability > 0 ? BatchPart.all().dropout(pass.manager(), x, probability, 1) : x;
    }
}
