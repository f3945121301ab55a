package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.TrainConfig.UpdateRule;
import dev.switchlab.nn.InPlace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam and its relatives, updating weights in place.
 *
 * <p>{@link UpdateRule#REFERENCE} (labml {@code Adam} with {@code optimized_update}): {@code p -= lr * sqrt(1 - b2^t) / (1 - b1^t) *
 * m / (sqrt(v) + eps)}. {@link UpdateRule#TORCH}: {@code p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)}.
 */
public final class Adam {

    private final AdamConfig config;
    private final List<Slot> slots = new ArrayList<>();
    private int step;

    /**
     * @param parameters the weights, updated in place
     * @param state owns the moments
     */
    public Adam(AdamConfig config, List<NDArray> parameters, NDManager state) {
        this.config = config;
        for (NDArray parameter : parameters) {
            Shape shape = parameter.getShape();
            slots.add(new Slot(
                    parameter, state.zeros(shape), state.zeros(shape), config.amsgrad() ? state.zeros(shape) : null));
        }
    }

    /** A weight and its moments, all of one shape; {@code maximum} only with amsgrad. */
    private record Slot(NDArray parameter, NDArray first, NDArray second, NDArray maximum) {}

    /** The moments by name ("first", "second", with amsgrad "maximum"), each in the order of the weights. */
    public Map<String, List<NDArray>> moments() {
        Map<String, List<NDArray>> moments = new LinkedHashMap<>();
        moments.put("first", slots.stream().map(Slot::first).toList());
        moments.put("second", slots.stream().map(Slot::second).toList());
        if (config.amsgrad()) {
            moments.put("maximum", slots.stream().map(Slot::maximum).toList());
        }
        return moments;
    }

    /** Goes on after {@code steps} steps; the moments are set through {@link #moments}. */
    void resume(int steps) {
        step = steps;
    }

    /** Optimizer steps taken so far. */
    public int steps() {
        return step;
    }

    /**
     * One update.
     *
     * @param manager the step's manager
     * @param gradients one per weight, in the constructor's order
     * @param learningRate the scheduled learning rate
     * @param baseLearningRate the learning rate before the schedule
     */
    public void step(NDManager manager, List<NDArray> gradients, double learningRate, double baseLearningRate) {
        step++;
        // StrictMath: its bits do not depend on the CPU or the JDK.
        double correction1 = 1 - StrictMath.pow(config.beta1(), step);
        double correction2 = Math.sqrt(1 - StrictMath.pow(config.beta2(), step));
        boolean reference = config.update() == UpdateRule.REFERENCE;
        Scalars s = new Scalars(
                scalar(manager, config.beta1()),
                scalar(manager, 1 - config.beta1()),
                scalar(manager, config.beta2()),
                scalar(manager, 1 - config.beta2()),
                scalar(manager, config.eps()),
                scalar(manager, reference ? 1 : correction2),
                scalar(manager, learningRate / correction1 * (reference ? correction2 : 1)),
                scalar(manager, shrink(learningRate, baseLearningRate)),
                scalar(manager, config.weightDecay()));
        for (int i = 0; i < slots.size(); i++) {
            try (NDManager scratch = manager.newSubManager()) {
                update(scratch, slots.get(i), gradients.get(i), s);
            }
        }
    }

    private double shrink(double learningRate, double baseLearningRate) {
        return switch (config.decay()) {
            case L2 -> 1;
            case DECOUPLED -> 1 - learningRate * config.weightDecay();
            case DECOUPLED_BASE_RATE -> 1 - baseLearningRate * config.weightDecay();
            case ABSOLUTE -> 1 - config.weightDecay();
        };
    }

    /** One float32 scalar each; they outlive the update because they belong to the step. */
    private record Scalars(
            NDArray beta1,
            NDArray rest1,
            NDArray beta2,
            NDArray rest2,
            NDArray eps,
            NDArray rootCorrection,
            NDArray stepSize,
            NDArray shrink,
            NDArray decay) {}

    private static NDArray scalar(NDManager manager, double value) {
        return manager.full(new Shape(), (float) value, DataType.FLOAT32);
    }

    private void update(NDManager scratch, Slot slot, NDArray gradient, Scalars s) {
        NDArray g = gradient.stopGradient();
        g.attach(scratch);
        boolean decays = config.weightDecay() != 0;
        if (decays && config.decay() == AdamConfig.Decay.L2) {
            NDArray pull = slot.parameter().mul(s.decay());
            pull.attach(scratch);
            g = g.add(pull);
        } else if (decays) {
            slot.parameter().muli(s.shrink());
        }
        slot.first().muli(s.beta1()).addi(g.mul(s.rest1()));
        slot.second().muli(s.beta2()).addi(g.mul(g).muli(s.rest2()));
        NDArray root = secondMoment(slot).sqrt();
        root.attach(scratch);
        if (config.update() == UpdateRule.TORCH) {
            root.divi(s.rootCorrection());
        }
        NDArray change = slot.first().div(root.addi(s.eps()));
        change.attach(scratch);
        slot.parameter().subi(change.muli(s.stepSize()));
    }

    private static NDArray secondMoment(Slot slot) {
        if (slot.maximum() == null) {
            return slot.second();
        }
        try (NDArray larger = slot.maximum().maximum(slot.second())) {
            InPlace.copy(larger, slot.maximum());
        }
        return slot.maximum();
    }
}
