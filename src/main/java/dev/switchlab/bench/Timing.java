package dev.switchlab.bench;

import java.util.Collection;
import java.util.Locale;

/**
 * Times of one thing, in ms.
 *
 * @param median half of the times are shorter
 * @param lowerQuartile a quarter of the times is shorter
 * @param upperQuartile a quarter of the times is longer
 * @param count how many times
 */
public record Timing(double median, double lowerQuartile, double upperQuartile, int count) {

    /** Quantiles with linear interpolation between neighbours (numpy's default). */
    static Timing of(Collection<Double> times) {
        double[] sorted =
                times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        if (sorted.length == 0) {
            throw new IllegalArgumentException("nothing was timed");
        }
        return new Timing(quantile(sorted, 0.5), quantile(sorted, 0.25), quantile(sorted, 0.75), sorted.length);
    }

    private static double quantile(double[] sorted, double share) {
        double place = share * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    /** The median with the quartiles behind it. */
    String text() {
        String format = median < 10 ? "%.2f [%.2f %.2f]" : "%.1f [%.1f %.1f]";
        return String.format(Locale.ROOT, format, median, lowerQuartile, upperQuartile);
    }
}
