package dev.switchlab.data;

import java.util.Arrays;

/** Entropy of a text's character frequencies. */
final class UnigramEntropy {
    private UnigramEntropy() {}

    /** {@code -sum p ln p} over the code points of the text; 0 for an empty one. */
    static double nats(String text) {
        int[] counts = new int[Character.MAX_CODE_POINT + 1];
        text.codePoints().forEach(c -> counts[c]++);
        double total = text.codePointCount(0, text.length());
        return Arrays.stream(counts)
                .filter(count -> count > 0)
                .mapToDouble(count -> -count / total * Math.log(count / total))
                .sum();
    }
}
