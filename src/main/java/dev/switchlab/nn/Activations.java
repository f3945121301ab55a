package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.norm.Dropout;
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

    /** Inverted dropout in training, the identity otherwise (DJL's static form always drops). */
    static NDArray dropout(Pass pass, NDArray x, double probability) {
        if (!pass.training() || probability == 0) {
            return x;
        }
        return Dropout.dropout(x, (float) probability).singletonOrThrow();
    }
}
