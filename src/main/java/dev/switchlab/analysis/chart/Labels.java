package dev.switchlab.analysis.chart;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How much room labels need, and which are shown where there is no room for all. Widths are estimated without asking
 * for fonts, which a machine may not have: those of a sans-serif face, rather too wide than too narrow.
 */
final class Labels {

    private static final String NARROW = "iljtfrI.,:;|!'()[] ·-";
    private static final String WIDE = "mwMW@%";

    private static final int[] STRIDES = {1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000};
    private static final double SPACE = 10;

    private Labels() {}

    /** The width of a label in pixels at a font size of {@code font} pixels. */
    static double width(String label, double font) {
        return font
                * label.codePoints()
                        .mapToDouble(c -> NARROW.indexOf(c) >= 0
                                ? 0.36
                                : WIDE.indexOf(c) >= 0 || c > 0x2E80 ? 0.95 : Character.isUpperCase(c) ? 0.7 : 0.58)
                        .sum();
    }

    static double widest(Stream<String> labels) {
        return labels.mapToDouble(label -> width(label, Frame.FONT)).max().orElse(0);
    }

    /** A label cut to {@code width} with an ellipsis where it is longer. */
    static String cut(String label, double font, double width) {
        if (width(label, font) <= width) {
            return label;
        }
        int length = label.length();
        while (length > 1 && width(label.substring(0, length) + "…", font) > width) {
            length = label.offsetByCodePoints(length, -1);
        }
        return label.substring(0, length).strip() + "…";
    }

    /** Every how many-th label fits, if each takes {@code size} and they are {@code distance} apart. */
    static int stride(double size, double distance) {
        return IntStream.of(STRIDES)
                .filter(stride -> stride * distance >= size)
                .findFirst()
                .orElseGet(() -> (int) Math.ceil(size / distance));
    }

    /**
     * The columns to label: among numbers the round ones, where they stand at a regular distance; else every so
     * many-th.
     *
     * @param distance of two columns in pixels
     */
    static int[] columns(List<String> labels, double distance) {
        int stride = stride(widest(labels.stream()) + SPACE, distance);
        int first = 0;
        // Steps 10, 20, 30 ... with room for every fifth: 50, 100, 150 ... rather than 10, 60, 110 ...
        if (stride > 1 && labels.size() >= stride && areRegular(labels)) {
            double step = Double.parseDouble(labels.get(1)) - Double.parseDouble(labels.get(0));
            for (int i = 0; i < stride; i++) {
                if (Double.parseDouble(labels.get(i)) % (step * stride) == 0) {
                    first = i;
                }
            }
        }
        int from = first;
        return IntStream.range(0, labels.size()).filter(i -> i % stride == from).toArray();
    }

    private static boolean areRegular(List<String> labels) {
        if (!labels.stream().allMatch(label -> label.matches("\\d{1,15}"))) {
            return false;
        }
        long[] values = labels.stream().mapToLong(Long::parseLong).toArray();
        return IntStream.range(1, values.length).allMatch(i -> values[i] - values[i - 1] == values[1] - values[0]);
    }
}
