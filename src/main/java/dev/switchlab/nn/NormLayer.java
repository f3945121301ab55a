package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.switchlab.experiment.ModelConfig.Norm;

/** Normalisation over the last axis. */
public abstract sealed class NormLayer extends LabBlock permits LayerNormLayer, RmsNormLayer {

    /** Of vectors of {@code features} features. */
    static NormLayer of(Norm norm, int features) {
        return switch (norm) {
            case LAYER -> new LayerNormLayer(features);
            case RMS -> new RmsNormLayer(features);
        };
    }

    /** (..., D) to (..., D). */
    public abstract NDArray forward(Pass pass, NDArray x);

    @Override
    final NDList forwardList(Pass pass, NDList inputs) {
        return new NDList(forward(pass, inputs.head()));
    }
}
