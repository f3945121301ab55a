package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.nn.kernel.Script;
import java.util.List;
import java.util.function.Supplier;

/**
 * The exponential moving average of a model's weights over the steps of its training (Polyak and Juditsky 1992; Kingma
 * and Ba, "Adam", arXiv 1412.6980, section 7.2). With the weights p_t after step t and the decay d it is {@code a_t = d
 * * a_(t-1) + (1 - d) * p_t}, {@code a_0 = 0}, divided by {@code 1 - d^t}: the correction of the bias at the start, as
 * in Adam's section 7.2 and optax ({@code ema(debias=True)}), so that first weights, which no step has seen, are no
 * part of it, and an early evaluation is not one of them. torch's {@code get_ema_multi_avg_fn} copies the weights of
 * the first step instead and gives them the weight {@code d^(t-1)}; after many steps, t well above {@code 1 / (1 - d)},
 * the two are the same.
 *
 * <p>What is kept is the corrected average itself: {@code c_t = c_(t-1) + (1 - d) / (1 - d^t) * (p_t - c_(t-1))}, whose
 * first step gives p_1. Buffers that no gradient changes, such as a router's selection bias, are not averaged.
 */
public final class WeightAverage {

    private static final Script SCRIPT = Script.of("average");

    private final double decay;
    private final List<NDArray> weights;
    private final List<NDArray> average;
    private boolean inModel;

    /**
     * Begins with the weights as they are.
     *
     * @param decay d, above 0 and below 1
     * @param weights averaged
     * @param owner owns the average
     */
    WeightAverage(double decay, List<NDArray> weights, NDManager owner) {
        this.decay = decay;
        this.weights = List.copyOf(weights);
        average = this.weights.stream()
                .map(weight -> owner.zeros(weight.getShape()))
                .toList();
        SCRIPT.run("update", average, this.weights, 1.0);
    }

    /** The average, in the order of the weights. */
    public List<NDArray> values() {
        return average;
    }

    /**
     * Takes in the weights after a step.
     *
     * @param step from 1
     */
    void update(int step) {
        if (inModel) {
            throw new IllegalStateException("the weights of step " + step + " are the average: training is over");
        }
        // StrictMath: its bits do not depend on the CPU or the JDK.
        SCRIPT.run("update", average, weights, (1 - decay) / (1 - StrictMath.pow(decay, step)));
    }

    /**
     * What {@code work} gives while the model has the average for its weights; afterwards it has its own again, to the
     * bit.
     */
    <T> T during(Supplier<T> work) {
        if (inModel) {
            return work.get();
        }
        SCRIPT.run("swap", weights, average);
        try {
            return work.get();
        } finally {
            SCRIPT.run("swap", weights, average);
        }
    }

    /** The model has the average for its weights from now on; nothing is trained any more. */
    void keepInModel() {
        if (!inModel) {
            SCRIPT.run("swap", weights, average);
            inModel = true;
        }
    }
}
