package dev.switchlab.train;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a model scores on held-out text.
 *
 * @param crossEntropy mean cross-entropy a character, in nats
 * @param accuracy share of characters for which the most probable one is right
 * @param tokens characters scored
 */
public record Evaluation(double crossEntropy, double accuracy, long tokens) {

    /** Cross-entropy in bits. */
    public double bitsPerChar() {
        return crossEntropy / StrictMath.log(2);
    }

    /** As metrics, such as {@code valid/cross_entropy}. */
    public Map<String, Double> metrics(String prefix) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(prefix + "/cross_entropy", crossEntropy);
        metrics.put(prefix + "/bits_per_char", bitsPerChar());
        metrics.put(prefix + "/accuracy", accuracy);
        return metrics;
    }
}
