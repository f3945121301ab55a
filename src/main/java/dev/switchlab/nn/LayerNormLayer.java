package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.initializer.Initializer;
import dev.switchlab.nn.kernel.NormKernel;

/** Layer normalisation over the last axis, as torch.nn.LayerNorm([D]). */
public final class LayerNormLayer extends NormLayer {

    /** torch's default. */
    private static final float EPSILON = 1e-5f;

    private final Shape normalized;
    private final Parameter weight;
    private final Parameter bias;

    /** Normalises vectors of {@code dModel} features. */
    public LayerNormLayer(int dModel) {
        normalized = new Shape(dModel);
        weight = parameter("weight", normalized, Initializer.ONES);
        bias = parameter("bias", normalized, Initializer.ZEROS);
    }

    @Override
    public NDArray forward(Pass pass, NDArray x) {
        NDArray w = value(pass, weight);
        NDArray b = value(pass, bias);
        if (!pass.isFused()) {
            return LayerNorm.layerNorm(x, normalized, w, b, EPSILON).singletonOrThrow(); // (..., D)
        }
        NDArray[] results = NormKernel.forward(pass.manager(), x, w, b, EPSILON);
        pass.record(results[0], dy -> {
            NDArray[] gradients = NormKernel.backward(pass.manager(), dy, x, results, w, b);
            pass.add(x, gradients[0]);
            pass.add(weight, gradients[1]);
            pass.add(bias, gradients[2]);
        });
        pass.release(results[1], results[2]);
        return results[0]; // (..., D)
    }
}
