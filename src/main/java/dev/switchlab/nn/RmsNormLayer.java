package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import dev.switchlab.nn.kernel.Script;

/**
 * {@code x / sqrt(mean(x^2) + eps) * weight} over the last axis (arXiv 1910.07467), as torch.nn.RMSNorm([D], eps=1e-5).
 */
public final class RmsNormLayer extends NormLayer {

    /** That of the other norm, and of Llama. */
    private static final float EPSILON = 1e-5f;

    private static final Script SCRIPT = Script.of("norm");

    private final Parameter weight;

    /** Normalises vectors of {@code features} features. */
    public RmsNormLayer(int features) {
        weight = parameter("weight", new Shape(features), Initializer.ONES);
    }

    Parameter weight() {
        return weight;
    }

    @Override
    public NDArray forward(ForwardContext pass, NDArray x) {
        NDArray w = value(pass, weight);
        if (pass.hasKernels()) {
            return pass.run(SCRIPT, "rms_norm", x, w); // (..., D)
        }
        int last = x.getShape().dimension() - 1;
        NDArray square = x.mul(x).mean(new int[] {last}, true).add(constant(pass, EPSILON)); // (..., 1)
        return x.div(square.sqrt()).mul(w); // (..., D)
    }

    @Override
    NDArray forward(ForwardContext pass, Graph.Cut cut, NDArray x) {
        if (!cut.cuts()) {
            return forward(pass, x); // (..., D)
        }
        // A view: what crosses a cut is not the layer's to close.
        return cut.through(x, new ByHand(pass)).reshape(x.getShape()); // (..., D)
    }

    private final class ByHand implements Graph.Function {

        private final ForwardContext pass;
        private NDArray x;
        private NDArray r;

        ByHand(ForwardContext pass) {
            this.pass = pass;
        }

        @Override
        public NDArray forward(NDArray input) {
            x = input.stopGradient(); // the same memory
            NDArray[] results = SCRIPT.differentiables(pass.manager(), "rms_norm_with_r", x, weight.getArray());
            r = results[1]; // (..., 1)
            return results[0];
        }

        @Override
        public NDArray backward(NDArray dy) {
            NDArray[] gradients =
                    SCRIPT.differentiables(pass.manager(), "rms_norm_backward", dy, x, r, weight.getArray());
            x.close();
            r.close();
            pass.add(weight, gradients[1]);
            return gradients[0];
        }
    }
}
