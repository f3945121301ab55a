package dev.switchlab.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.statistics.descriptive.Quantile;

/**
 * Times of one thing, in ms.
 *
 * @param median half of the times are shorter
 * @param lowerQuartile a quarter of the times is shorter
 * @param upperQuartile a quarter of the times is longer
 * @param count the number of times
 */
public record Timing(double median, double lowerQuartile, double upperQuartile, int count) {

    /** Linear interpolation between neighbours, as numpy does by default. */
    private static final Quantile QUANTILE = Quantile.withDefaults().with(Quantile.EstimationMethod.HF7);

    static Timing of(Collection<Double> times) {
        if (times.isEmpty()) {
            throw new IllegalArgumentException("nothing was timed");
        }
        double[] quartiles = QUANTILE.evaluate(
                times.stream().mapToDouble(Double::doubleValue).toArray(), 0.25, 0.5, 0.75);
        return new Timing(quartiles[1], quartiles[0], quartiles[2], times.size());
    }

    /** Timings by part. */
    static Map<String, Timing> of(Map<String, List<Double>> times) {
        Map<String, Timing> timings = new LinkedHashMap<>();
        times.forEach((part, list) -> timings.put(part, of(list)));
        return timings;
    }

    /** The median with the quartiles behind it. */
    String text() {
        String format = median < 10 ? "%.2f [%.2f %.2f]" : "%.1f [%.1f %.1f]";
        return String.format(Locale.ROOT, format, median, lowerQuartile, upperQuartile);
    }

    /** The times of one subject by part, in ms, in the order in which parts were first added. */
    static final class Samples {

        /** The part that is the whole. */
        static final String TOTAL = "total";

        private final Map<String, List<Double>> times = new LinkedHashMap<>();

        void add(String part, double ms) {
            times.computeIfAbsent(part, name -> new ArrayList<>()).add(ms);
        }

        Map<String, Timing> timings() {
            return Timing.of(times);
        }
    }
}
