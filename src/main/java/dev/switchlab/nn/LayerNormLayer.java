package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.initializer.Initializer;

/** Layer normalization over the last axis, as torch.nn.LayerNorm([D]). */
public final class LayerNormLayer extends NormLayer {

    /** torch's default. */
    private static final float EPSILON = 1e-5f;

    private final Shape normalized;
    private final Parameter weight;
    private final Parameter bias;

    /** Normalizes vectors of {@code dModel} features. */
    public LayerNormLayer(int dModel) {
        normalized = new Shape(dModel);
        weight = parameter("weight", normalized, Initializer.ONES);
        bias = parameter("bias", normalized, Initializer.ZEROS);
    }

    @Override
    public NDArray forward(ForwardContext pass, NDArray x) {
        return LayerNorm.layerNorm(x, normalized, value(pass, weight), value(pass, bias), EPSILON)
                .singletonOrThrow(); // (..., D)
    }
}
