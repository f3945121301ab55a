package dev.switchlab.train;

import dev.switchlab.experiment.MetricNames;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a model scores on held-out text.
 *
 * @param crossEntropy mean cross-entropy per token, in nats
 * @param accuracy share of tokens for which the most probable one is right
 * @param tokens scored; they are characters unless the tokenizer is another
 * @param charactersPerToken of the whole split
 * @param bytesPerToken of the whole split, in UTF-8
 */
public record Evaluation(
        double crossEntropy, double accuracy, long tokens, double charactersPerToken, double bytesPerToken) {

    /** Cross-entropy per character, in bits. */
    public double bitsPerChar() {
        return bits() / charactersPerToken;
    }

    /** Cross-entropy per byte, in bits: the score that can be compared across tokenizers. */
    public double bitsPerByte() {
        return bits() / bytesPerToken;
    }

    private double bits() {
        return crossEntropy / StrictMath.log(2);
    }

    /** As metrics, after {@link MetricNames#VALID} or {@link MetricNames#FINAL}. */
    public Map<String, Double> metrics(String prefix) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(prefix + MetricNames.CROSS_ENTROPY, crossEntropy);
        metrics.put(prefix + MetricNames.BITS_PER_CHAR, bitsPerChar());
        metrics.put(prefix + MetricNames.BITS_PER_BYTE, bitsPerByte());
        metrics.put(prefix + MetricNames.ACCURACY, accuracy);
        return metrics;
    }
}
