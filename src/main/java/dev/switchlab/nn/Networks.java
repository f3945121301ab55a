package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import dev.switchlab.nn.kernel.ExpertsKernel;
import dev.switchlab.nn.kernel.ProductKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * The fused form of feed-forward networks: one, or a stack of them.
 *
 * @param config of each
 * @param bias1 null without, as the other biases; weightGate and biasGate are null where the networks are not gated
 */
record Networks(
        FeedForwardConfig config,
        Parameter weight1,
        Parameter bias1,
        Parameter weight2,
        Parameter bias2,
        Parameter weightGate,
        Parameter biasGate) {

    /** Dropout inside a network is left to autograd. */
    static boolean isFused(Pass pass, FeedForwardConfig config) {
        return pass.isFused() && (config.dropout() == 0 || !pass.training());
    }

    /** A single network over all rows: (..., D) to (..., D). */
    NDArray fused(Pass pass, NDArray x) {
        Shape shape = x.getShape();
        NDArray rows = x.reshape(-1, config.dModel()); // (R, D)
        Run run = run(
                pass,
                rows,
                new long[] {0, rows.getShape().get(0)},
                pass.kernels().dense());
        NDArray y = run.y().reshape(shape); // (..., D)
        pass.record(
                y,
                dy -> pass.add(x, run.backward(dy.reshape(-1, config.dModel())).reshape(shape)));
        return y;
    }

    /** The networks' outputs, (R, D), and how to differentiate them. */
    record Run(NDArray y, UnaryOperator<NDArray> gradient) {

        /** dy (R, D) to dx (R, D); gradients of weights go to the pass. */
        NDArray backward(NDArray dy) {
            return gradient.apply(dy);
        }
    }

    /** x (R, D), of which network e takes the rows from {@code offsets[e]} to {@code offsets[e + 1]}. */
    Run run(Pass pass, NDArray x, long[] offsets, ProductKernels kernels) {
        ExpertsKernel.Weights weights = new ExpertsKernel.Weights(
                values(pass, weight1, weight2, weightGate),
                values(pass, bias1),
                values(pass, bias2),
                values(pass, biasGate));
        String activation = config.activation().name().toLowerCase(Locale.ROOT);
        ExpertsKernel.Saved saved = ExpertsKernel.forward(pass.manager(), x, weights, offsets, activation, kernels);
        saved.tensors().forEach(pass::release);
        return new Run(saved.y(), dy -> {
            NDArray[] gradients =
                    ExpertsKernel.backward(pass.manager(), dy, saved, weights, offsets, activation, kernels);
            Parameter[] parameters = {weight1, bias1, weight2, bias2, weightGate, biasGate};
            for (int i = 0; i + 1 < gradients.length; i++) {
                if (parameters[i] != null) {
                    pass.add(parameters[i], gradients[i + 1].reshape(parameters[i].getShape()));
                }
            }
            return gradients[0]; // (R, D)
        });
    }

    private static List<NDArray> values(Pass pass, Parameter... parameters) {
        List<NDArray> values = new ArrayList<>();
        for (Parameter parameter : parameters) {
            if (parameter != null) {
                values.add(LabBlock.value(pass, parameter));
            }
        }
        return values;
    }
}
