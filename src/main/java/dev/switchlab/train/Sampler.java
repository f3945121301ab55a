package dev.switchlab.train;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Draws the next token.
 *
 * @param temperature divides the logits; 0 takes the most probable token
 * @param topK draws among the k most probable tokens; 0 for all
 */
public record Sampler(double temperature, int topK) {

    /** Checks the ranges. */
    public Sampler {
        if (!(temperature >= 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException(
                    "temperature is " + temperature + ", allowed: 0 (most probable token) or more, for example 0.8");
        }
        if (topK < 0) {
            throw new IllegalArgumentException("top_k is " + topK + ", allowed: 0 (no limit) or more, for example 40");
        }
    }

    /** A token drawn from {@code logits} (V). */
    public int draw(float[] logits, RandomGenerator random) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        if (temperature == 0) {
            return best;
        }
        float least = threshold(logits);
        double[] weights = new double[logits.length];
        double total = 0;
        for (int i = 0; i < logits.length; i++) {
            if (logits[i] >= least) {
                weights[i] = StrictMath.exp((logits[i] - logits[best]) / temperature);
                total += weights[i];
            }
        }
        double left = random.nextDouble() * total;
        int last = best;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] > 0) {
                last = i;
                left -= weights[i];
                if (left < 0) {
                    return i;
                }
            }
        }
        return last; // rounding left a sliver over
    }

    private float threshold(float[] logits) {
        if (topK == 0 || topK >= logits.length) {
            return Float.NEGATIVE_INFINITY;
        }
        float[] sorted = logits.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length - topK];
    }
}
