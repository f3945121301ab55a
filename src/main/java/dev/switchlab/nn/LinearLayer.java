package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import java.util.List;

/** {@code y = x W^T + b}; weight (out, in), bias (out), as torch.nn.Linear. */
public final class LinearLayer extends LabBlock {

    private final Parameter weight;
    private final Parameter bias;

    /** A layer from {@code in} to {@code out} features. */
    public LinearLayer(int in, int out, boolean withBias) {
        weight = parameter("weight", new Shape(out, in), uniform(in));
        bias = withBias ? parameter("bias", new Shape(out), uniform(in)) : null;
    }

    /** (..., in) to (..., out). */
    public NDArray forward(ForwardContext pass, NDArray x) {
        NDArray w = pass.rounded(value(pass, weight)); // (out, in)
        return pass.rounded(Linear.linear(pass.rounded(x), w, bias == null ? null : value(pass, bias))
                .singletonOrThrow()); // (..., out)
    }

    /** Weight and, if there is one, bias. */
    List<NDArray> tensors(ForwardContext pass) {
        return values(pass, weight, bias);
    }

    Parameter weight() {
        return weight;
    }

    /** Null without. */
    Parameter bias() {
        return bias;
    }

    @Override
    NDList forwardList(ForwardContext pass, NDList inputs) {
        return new NDList(forward(pass, inputs.head()));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        Shape in = inputShapes[0];
        return new Shape[] {
            in.slice(0, in.dimension() - 1).add(weight.getShape().get(0))
        };
    }
}
