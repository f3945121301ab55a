package dev.switchlab.nn;

import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.Activation;

/**
 * A position-wise feed-forward network (reference: {@code FeedForward}).
 *
 * @param dModel input and output features
 * @param dFf hidden features
 * @param activation applied to the first layer's output
 * @param gated whether the hidden layer is multiplied by a second linear layer of the input
 * @param bias1 bias of the first layer
 * @param bias2 bias of the second layer
 * @param biasGate bias of the gate
 * @param dropout dropout probability of the hidden layer
 */
public record FeedForwardConfig(
        int dModel,
        int dFf,
        Activation activation,
        boolean gated,
        boolean bias1,
        boolean bias2,
        boolean biasGate,
        double dropout) {

    /** One expert of a model. */
    public static FeedForwardConfig expert(ModelConfig model) {
        return of(model, 1, model.expertDropout());
    }

    /** The shared experts of a model, as one network. */
    public static FeedForwardConfig shared(ModelConfig model) {
        return of(model, model.sharedExperts(), model.expertDropout());
    }

    /** A dense layer of a model: as wide as all that a token meets in a sparse one. */
    public static FeedForwardConfig dense(ModelConfig model) {
        return of(model, model.topK() + model.sharedExperts(), model.dropout());
    }

    private static FeedForwardConfig of(ModelConfig model, int experts, double dropout) {
        boolean bias = model.feedForwardBias();
        return new FeedForwardConfig(
                model.dModel(),
                Math.multiplyExact(experts, model.dFf()),
                model.activation(),
                model.gated(),
                bias,
                bias,
                bias,
                dropout);
    }
}
