package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import dev.switchlab.nn.kernel.RmsNormKernel;

/**
 * {@code x / sqrt(mean(x^2) + eps) * weight} over the last axis (arXiv 1910.07467), as torch.nn.RMSNorm([D], eps=1e-5).
 */
public final class RmsNormLayer extends NormLayer {

    /** That of the other norm, and of Llama. */
    private static final float EPSILON = 1e-5f;

    private final Parameter weight;

    /** Normalises vectors of {@code features} features. */
    public RmsNormLayer(int features) {
        weight = parameter("weight", new Shape(features), Initializer.ONES);
    }

    Parameter weight() {
        return weight;
    }

    @Override
    public NDArray forward(Pass pass, NDArray x) {
        NDArray w = value(pass, weight);
        if (!pass.isFused()) {
            int last = x.getShape().dimension() - 1;
            NDArray square = x.mul(x).mean(new int[] {last}, true).add(constant(pass, EPSILON)); // (..., 1)
            return x.div(square.sqrt()).mul(w); // (..., D)
        }
        NDArray[] results = RmsNormKernel.forward(pass.manager(), x, w, EPSILON);
        pass.record(results[0], dy -> {
            NDArray[] gradients = RmsNormKernel.backward(pass.manager(), dy, x, results, w);
            pass.add(x, gradients[0]);
            pass.add(weight, gradients[1]);
        });
        pass.release(results[1]);
        return results[0]; // (..., D)
    }
}
