package dev.switchlab.analysis.chart;

import java.util.List;
import java.util.stream.IntStream;

/** Which labels of an axis are shown where there is no room for all. */
final class Labels {

    private static final int[] STRIDES = {1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000};
    private static final double SPACE = 10;

    private Labels() {}

    /** Every how many-th label fits, if each takes {@code size} and they are {@code distance} apart. */
    static int stride(double size, double distance) {
        for (int stride : STRIDES) {
            if (stride * distance >= size) {
                return stride;
            }
        }
        return (int) Math.ceil(size / distance);
    }

    /**
     * The columns to label: among numbers the round ones, where they stand at a regular distance; else every so
     * many-th.
     *
     * @param font its size in pixels
     * @param distance of two columns in pixels
     */
    static int[] columns(List<String> labels, double font, double distance) {
        double widest = labels.stream()
                .mapToDouble(label -> TextWidth.of(label, font))
                .max()
                .orElse(0);
        int stride = stride(widest + SPACE, distance);
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
