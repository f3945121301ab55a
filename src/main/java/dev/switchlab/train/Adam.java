package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.TrainConfig.UpdateRule;
import dev.switchlab.nn.kernel.AdamUpdate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam and its relatives, updating weights in place.
 *
 * <p>{@link UpdateRule#REFERENCE} (labml {@code Adam} with {@code optimized_update}): {@code p -= lr * sqrt(1 - b2^t) /
 * (1 - b1^t) * m / (sqrt(v) + eps)}. {@link UpdateRule#TORCH}: {@code p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 -
 * b2^t) + eps)}.
 */
public final class Adam implements Optimizer {

    private final AdamConfig config;
    private final AdamUpdate.State state;
    private int step;

    /**
     * @param weights updated in place
     * @param owner owns the moments
     */
    public Adam(AdamConfig config, List<NDArray> weights, NDManager owner) {
        this.config = config;
        state = new AdamUpdate.State(
                weights,
                zeros(weights, owner),
                zeros(weights, owner),
                config.amsgrad() ? zeros(weights, owner) : List.of());
    }

    private static List<NDArray> zeros(List<NDArray> like, NDManager owner) {
        return like.stream().map(array -> owner.zeros(array.getShape())).toList();
    }

    /** "first", "second", with amsgrad "maximum". */
    @Override
    public Map<String, List<NDArray>> moments() {
        Map<String, List<NDArray>> moments = new LinkedHashMap<>();
        moments.put("first", state.first());
        moments.put("second", state.second());
        if (config.amsgrad()) {
            moments.put("maximum", state.maximum());
        }
        return moments;
    }

    @Override
    public void resume(int steps) {
        step = steps;
    }

    @Override
    public int steps() {
        return step;
    }

    @Override
    public void step(
            NDManager manager,
            List<NDArray> gradients,
            GradientClipping clipping,
            double learningRate,
            double baseLearningRate) {
        step++;
        AdamUpdate.fused(manager, state, gradients, clipping.divisor(), numbers(learningRate, baseLearningRate));
    }

    private AdamUpdate.Numbers numbers(double learningRate, double baseLearningRate) {
        // StrictMath: its bits do not depend on the CPU or the JDK.
        double correction1 = 1 - StrictMath.pow(config.beta1(), step);
        double correction2 = Math.sqrt(1 - StrictMath.pow(config.beta2(), step));
        boolean reference = config.update() == UpdateRule.REFERENCE;
        return new AdamUpdate.Numbers(
                config.beta1(),
                config.beta2(),
                config.eps(),
                reference ? 1 : correction2,
                learningRate / correction1 * (reference ? correction2 : 1),
                shrink(learningRate, baseLearningRate),
                config.decay() == AdamConfig.Decay.L2 ? config.weightDecay() : 0);
    }

    private double shrink(double learningRate, double baseLearningRate) {
        return switch (config.decay()) {
            case L2 -> 1;
            case DECOUPLED -> 1 - learningRate * config.weightDecay();
            case DECOUPLED_BASE_RATE -> 1 - baseLearningRate * config.weightDecay();
            case ABSOLUTE -> 1 - config.weightDecay();
        };
    }
}
