package dev.switchlab.nn;

import dev.switchlab.experiment.Capacity;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.ModelConfig.DroppedTokens;

/**
 * A switch feed-forward layer (paper section 2; reference: {@code SwitchFeedForward}).
 *
 * @param nExperts number of experts
 * @param expert each expert
 * @param capacity expert capacity in training
 * @param evalCapacity expert capacity at evaluation
 * @param dropTokens whether tokens over the capacity are dropped
 * @param droppedTokens what a dropped token's output is
 * @param isScaleProb whether the output is multiplied by the router probability
 * @param routerBias whether the router has a bias
 * @param routerJitter router input noise in training
 * @param dispatch how tokens reach their experts
 */
public record SwitchConfig(
        int nExperts,
        FeedForwardConfig expert,
        Capacity capacity,
        Capacity evalCapacity,
        boolean dropTokens,
        DroppedTokens droppedTokens,
        boolean isScaleProb,
        boolean routerBias,
        double routerJitter,
        DispatchForm dispatch) {

    /** The switch layers of {@code model}. */
    public static SwitchConfig of(ModelConfig model) {
        return new SwitchConfig(
                model.nExperts(),
                FeedForwardConfig.of(model),
                model.capacity(true),
                model.capacity(false),
                model.dropTokens(),
                model.droppedTokens(),
                model.isScaleProb(),
                model.routerBias(),
                model.routerJitter(),
                model.dispatch());
    }

    /** Input and output features. */
    int dModel() {
        return expert.dModel();
    }
}
