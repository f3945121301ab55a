package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.experiment.TrainConfig.OptimizerKind;
import dev.switchlab.experiment.TrainConfig.UpdateRule;
import dev.switchlab.nn.kernel.Script;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam and its relatives, updating weights in place. With the gradient g, the weight p and its moments m and v:
 *
 * <ol>
 *   <li>{@code g = g / divisor}, which clips (1 leaves it);
 *   <li>{@code p = p * shrink}, decoupled weight decay (1 leaves it);
 *   <li>{@code g = g + pull * p}, weight decay as an L2 penalty (0 leaves it);
 *   <li>{@code m = b1 * m + (1 - b1) * g} and {@code v = b2 * v + (1 - b2) * g^2};
 *   <li>with amsgrad {@code vmax = max(vmax, v)}, which stands for v in what follows;
 *   <li>{@link UpdateRule#REFERENCE} (labml {@code Adam} with {@code optimized_update}): {@code p -= lr * sqrt(1 -
 *       b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)}. {@link UpdateRule#TORCH}: {@code p -= lr / (1 - b1^t) * m / (sqrt(v)
 *       / sqrt(1 - b2^t) + eps)}.
 * </ol>
 *
 * <p>All in one call of {@code torch._fused_adam_} (libtorch: {@code aten/src/ATen/native/cpu/FusedAdamKernel.cpp},
 * {@code native/cuda/FusedAdamKernel.cu}): one pass over the memory of weights, gradients and moments. libtorch
 * corrects by {@code 1 - beta^t}, with a power whose bits depend on the system's library, and knows one place for eps.
 * So it is told that t is infinite, where both corrections are 1, and gets them in the other numbers: with c = sqrt(1 -
 * b2^t), {@code s * m / (sqrt(v) / c + eps) = (c * s) * m / (sqrt(v) + c * eps)}.
 */
public final class Adam implements Optimizer {

    private static final Script SCRIPT = Script.of("adam");

    private final Config config;
    private final List<NDArray> weights;
    private final List<NDArray> first;
    private final List<NDArray> second;
    private final List<NDArray> maximum;
    private final NDArray infinity;
    private int step;

    /**
     * The Adam family.
     *
     * @param beta1 decay of the first moment
     * @param beta2 decay of the second moment
     * @param eps added to the denominator, at the place that {@code update} says
     * @param weightDecay weight decay
     * @param decay what weight decay does
     * @param amsgrad whether the denominator uses the running maximum of the second moment
     * @param update where eps goes and how the second moment is corrected
     */
    public record Config(
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            Decay decay,
            boolean amsgrad,
            UpdateRule update) {

        /** The optimizer that a training recipe names. */
        public static Config of(TrainConfig train) {
            return new Config(
                    train.beta1(),
                    train.beta2(),
                    train.eps(),
                    train.weightDecay(),
                    decay(train),
                    train.optimizer() == OptimizerKind.AMSGRAD,
                    train.update());
        }

        private static Decay decay(TrainConfig train) {
            if (train.update() == UpdateRule.REFERENCE) {
                return Decay.DECOUPLED_BASE_RATE;
            }
            boolean decoupled = train.optimizer() == OptimizerKind.ADAMW || train.optimizer() == OptimizerKind.MUON;
            return decoupled ? Decay.DECOUPLED : Decay.L2;
        }
    }

    /** What weight decay does. */
    public enum Decay {
        /** Joins the gradient (torch.optim.Adam). */
        L2,
        /** Shrinks the weights by scheduled learning rate times decay (torch.optim.AdamW). */
        DECOUPLED,
        /** Shrinks the weights by base learning rate times decay, whatever the schedule says (reference). */
        DECOUPLED_BASE_RATE,
        /** Shrinks the weights by decay alone (reference: {@code WeightDecay(absolute=True)}). */
        ABSOLUTE
    }

    /**
     * @param weights contiguous; updated in place
     * @param owner owns the moments
     */
    public Adam(Config config, List<NDArray> weights, NDManager owner) {
        this.config = config;
        this.weights = List.copyOf(weights);
        first = zeros(owner);
        second = zeros(owner);
        maximum = config.amsgrad() ? zeros(owner) : List.of();
        infinity = owner.full(new Shape(), Float.POSITIVE_INFINITY, DataType.FLOAT32);
    }

    private List<NDArray> zeros(NDManager owner) {
        return weights.stream().map(array -> owner.zeros(array.getShape())).toList();
    }

    /** "first", "second", with amsgrad "maximum". */
    @Override
    public Map<String, List<NDArray>> moments() {
        Map<String, List<NDArray>> moments = new LinkedHashMap<>(Map.of("first", first));
        moments.put("second", second);
        if (config.amsgrad()) {
            moments.put("maximum", maximum);
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
    public void step(List<NDArray> gradients, NDArray divisor, double learningRate, double baseLearningRate) {
        step++;
        // StrictMath: its bits do not depend on the CPU or the JDK.
        double correction1 = 1 - StrictMath.pow(config.beta1(), step);
        double correction2 = Math.sqrt(1 - StrictMath.pow(config.beta2(), step));
        boolean reference = config.update() == UpdateRule.REFERENCE;
        double rootCorrection = reference ? 1 : correction2;
        double stepSize = learningRate / correction1 * (reference ? correction2 : 1);
        SCRIPT.run(
                "update",
                weights,
                gradients,
                first,
                second,
                maximum,
                infinity,
                divisor,
                rootCorrection * stepSize,
                config.beta1(),
                config.beta2(),
                rootCorrection * config.eps(),
                shrink(learningRate, baseLearningRate),
                config.decay() == Decay.L2 ? config.weightDecay() : 0.0,
                config.amsgrad());
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
