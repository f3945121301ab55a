package dev.switchlab.train;

import dev.switchlab.experiment.MetricNames;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a model scores on held-out text.
 *
 * @param crossEntropy mean cross-entropy per character, in nats
 * @param accuracy share of characters for which the most probable one is right
 * @param tokens characters scored
 */
public record Evaluation(double crossEntropy, double accuracy, long tokens) {

    /** Cross-entropy in bits. */
    public double bitsPerChar() {
        return crossEntropy / StrictMath.log(2);
    }

    /** As metrics, after {@link MetricNames#VALID} or {@link MetricNames#FINAL}. */
    public Map<String, Double> metrics(String prefix) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(prefix + MetricNames.CROSS_ENTROPY, crossEntropy);
        metrics.put(prefix + MetricNames.BITS_PER_CHAR, bitsPerChar());
        metrics.put(prefix + MetricNames.ACCURACY, accuracy);
        return metrics;
    }
}
