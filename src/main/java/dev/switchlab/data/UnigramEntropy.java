package dev.switchlab.data;

import java.util.Map;
import java.util.TreeMap;

/** Entropy of a text's character frequencies. */
final class UnigramEntropy {
    private UnigramEntropy() {}

    /** {@code -sum p ln p} over the code points of the text; 0 for an empty one. */
    static double nats(String text) {
        Map<Integer, Integer> counts = new TreeMap<>();
        text.codePoints().forEach(c -> counts.merge(c, 1, Integer::sum));
        double total = text.codePointCount(0, text.length());
        return counts.values().stream()
                .mapToDouble(count -> -count / total * Math.log(count / total))
                .sum();
    }
}
