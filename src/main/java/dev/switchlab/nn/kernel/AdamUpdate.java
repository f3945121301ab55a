package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Collections;
import java.util.List;

/**
 * One update of Adam on all weights in place, in two forms: {@link #fused} for speed, {@link #plain} to be read and to
 * hold it to.
 *
 * <p>With the gradient g, the weight p and its moments m and v, both compute
 *
 * <ol>
 *   <li>{@code g = g / divisor}, which clips (1 leaves it);
 *   <li>{@code p = p * shrink}, decoupled weight decay (1 leaves it);
 *   <li>{@code g = g + pull * p}, weight decay as an L2 penalty (0 leaves it);
 *   <li>{@code m = beta1 * m + (1 - beta1) * g} and {@code v = beta2 * v + (1 - beta2) * g^2};
 *   <li>with amsgrad {@code vmax = max(vmax, v)}, which stands for v in what follows;
 *   <li>{@code p = p - stepSize * m / (sqrt(v) / rootCorrection + eps)}.
 * </ol>
 */
public final class AdamUpdate {

    /**
     * {@code torch._fused_adam_} (libtorch: {@code aten/src/ATen/native/cpu/FusedAdamKernel.cpp},
     * {@code native/cuda/FusedAdamKernel.cu}): one pass over the memory of weights, gradients and moments.
     */
    private static final Script SCRIPT = Script.of("adam");

    private static final NDIndex EVERYTHING = new NDIndex(":");

    private AdamUpdate() {}

    /**
     * What an update changes, each list in the order of the weights.
     *
     * @param weights contiguous
     * @param first m
     * @param second v
     * @param maximum vmax; empty without amsgrad
     */
    public record State(List<NDArray> weights, List<NDArray> first, List<NDArray> second, List<NDArray> maximum) {

        /** Copies the lists. */
        public State {
            weights = List.copyOf(weights);
            first = List.copyOf(first);
            second = List.copyOf(second);
            maximum = List.copyOf(maximum);
        }
    }

    /**
     * The numbers of one update, named as in the formulas above.
     *
     * @param beta1 decay of m
     * @param beta2 decay of v
     * @param eps added to the denominator
     * @param rootCorrection divides the root of v
     * @param stepSize learning rate with the corrections that are not in the denominator
     * @param shrink factor of the weights
     * @param pull share of the weights that joins the gradient
     */
    public record Numbers(
            double beta1,
            double beta2,
            double eps,
            double rootCorrection,
            double stepSize,
            double shrink,
            double pull) {}

    /**
     * In one call.
     *
     * <p>libtorch corrects by {@code 1 - beta^t}, with a power whose bits depend on the system's library, and knows one
     * place for eps. So it is told that t is infinite, where both corrections are 1, and gets them in the other
     * numbers: with c = rootCorrection, {@code stepSize * m / (sqrt(v) / c + eps) = (c * stepSize) * m / (sqrt(v) + c *
     * eps)}.
     *
     * @param step manager of the step
     * @param gradients one per weight; changed, and of no use afterwards
     * @param divisor () float32 on the device of the weights
     */
    public static void fused(NDManager step, State state, List<NDArray> gradients, NDArray divisor, Numbers numbers) {
        try (NDManager scratch = step.newSubManager()) {
            SCRIPT.run(
                    "update",
                    state.weights(),
                    gradients,
                    state.first(),
                    state.second(),
                    state.maximum(),
                    scalar(scratch, Double.POSITIVE_INFINITY),
                    divisor,
                    numbers.rootCorrection() * numbers.stepSize(),
                    numbers.beta1(),
                    numbers.beta2(),
                    numbers.rootCorrection() * numbers.eps(),
                    numbers.shrink(),
                    numbers.pull(),
                    !state.maximum().isEmpty());
        }
    }

    /** One update weight by weight and line by line as above; leaves the gradients as they are. */
    public static void plain(NDManager step, State state, List<NDArray> gradients, NDArray divisor, Numbers numbers) {
        List<NDArray> maximum =
                state.maximum().isEmpty() ? Collections.nCopies(state.weights().size(), null) : state.maximum();
        for (int i = 0; i < state.weights().size(); i++) {
            try (NDManager scratch = step.newSubManager()) {
                NDArray p = state.weights().get(i);
                NDArray m = state.first().get(i);
                NDArray v = state.second().get(i);
                NDArray g = gradients.get(i).div(divisor);
                g.attach(scratch);
                p.muli(scalar(scratch, numbers.shrink()));
                g.addi(p.mul(scalar(scratch, numbers.pull())));
                m.muli(scalar(scratch, numbers.beta1())).addi(g.mul(scalar(scratch, 1 - numbers.beta1())));
                v.muli(scalar(scratch, numbers.beta2())).addi(g.square().muli(scalar(scratch, 1 - numbers.beta2())));
                NDArray root = larger(maximum.get(i), v).sqrt();
                root.attach(scratch);
                root.divi(scalar(scratch, numbers.rootCorrection())).addi(scalar(scratch, numbers.eps()));
                p.subi(m.div(root).muli(scalar(scratch, numbers.stepSize())));
            }
        }
    }

    /** v itself, or the maximum that it has raised. */
    private static NDArray larger(NDArray maximum, NDArray v) {
        if (maximum == null) {
            return v;
        }
        try (NDArray raised = maximum.maximum(v)) {
            maximum.set(EVERYTHING, raised);
        }
        return maximum;
    }

    private static NDArray scalar(NDManager manager, double value) {
        return manager.full(new Shape(), (float) value, DataType.FLOAT32);
    }
}
