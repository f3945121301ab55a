package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.switchlab.experiment.ModelConfig.Norm;
import java.util.List;

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
    public abstract NDArray forward(ForwardContext pass, NDArray x);

    /** (..., D) to (..., D) at a cut of the graph, where a gradient may be written by hand. */
    NDArray forward(ForwardContext pass, Graph.Cut cut, NDArray x) {
        return forward(pass, cut.carry(x)); // (..., D)
    }

    /** Weight and, if there is one, bias. */
    final List<NDArray> tensors(ForwardContext pass) {
        return getDirectParameters().values().stream()
                .map(parameter -> value(pass, parameter))
                .toList();
    }

    @Override
    final NDList forwardList(ForwardContext pass, NDList inputs) {
        return new NDList(forward(pass, inputs.head()));
    }
}
