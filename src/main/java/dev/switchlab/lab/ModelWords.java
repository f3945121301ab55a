package dev.switchlab.lab;

import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;

/** Says in few words what kind of layers a model has. */
final class ModelWords {

    private ModelWords() {}

    /** As in {@code 3 layers, 8 experts (2 per token, 1 shared) in every 2nd}. */
    static String layers(ModelConfig model) {
        String layers = model.nLayers() == 1 ? "1 layer" : model.nLayers() + " layers";
        if (model.feedForward() == FeedForwardKind.DENSE) {
            return layers + ", dense";
        }
        String experts = ", " + model.nExperts() + (model.nExperts() == 1 ? " expert" : " experts");
        String choices = model.topK() == 1 ? "" : model.topK() + " per token";
        String shared = model.sharedExperts() == 0 ? "" : model.sharedExperts() + " shared";
        String detail = choices + (choices.isEmpty() || shared.isEmpty() ? "" : ", ") + shared;
        return layers
                + experts
                + (detail.isEmpty() ? "" : " (" + detail + ")")
                + (model.moeEvery() == 1 ? "" : " in every " + ordinal(model.moeEvery()));
    }

    /** 1st, 2nd, 3rd, 4th ... */
    static String ordinal(int number) {
        int last = number % 10;
        boolean isTeen = number % 100 / 10 == 1;
        return number + (isTeen || last > 3 || last == 0 ? "th" : last == 1 ? "st" : last == 2 ? "nd" : "rd");
    }
}
