package dev.switchlab.analysis.chart;

/**
 * About how wide text is in a sans-serif face, without asking for fonts, which a machine may not have. Errs on the wide
 * side.
 */
final class TextWidth {

    private static final String NARROW = "iljtfrI.,:;|!'()[] ·-";
    private static final String WIDE = "mwMW@%";

    private TextWidth() {}

    /** In pixels at a font size of {@code size} pixels. */
    static double of(String text, double size) {
        return size
                * text.codePoints()
                        .mapToDouble(c -> NARROW.indexOf(c) >= 0
                                ? 0.36
                                : WIDE.indexOf(c) >= 0 || c > 0x2E80 ? 0.95 : Character.isUpperCase(c) ? 0.7 : 0.58)
                        .sum();
    }

    /** {@code text}, cut to {@code width} with an ellipsis where it is longer. */
    static String cut(String text, double size, double width) {
        if (of(text, size) <= width) {
            return text;
        }
        int length = text.length();
        while (length > 1 && of(text.substring(0, length) + "…", size) > width) {
            length = text.offsetByCodePoints(length, -1);
        }
        return text.substring(0, length).strip() + "…";
    }
}
