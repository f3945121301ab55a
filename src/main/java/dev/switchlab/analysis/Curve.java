package dev.switchlab.analysis;

import dev.switchlab.runs.MetricPoint;
import java.util.Comparator;
import java.util.List;

/**
 * What a comparison needs of a metric's history.
 *
 * @param last value at the highest step
 * @param best least value, or greatest where {@link #isHigherBetter more is better}; NaN only if all points are
 * @param bestStep its step, the first if several are equal
 * @param median the middle one of the values, which a few slow steps do not move
 */
public record Curve(double last, double best, long bestStep, double median) {

    /** @param points at least one, in order of time: of two at the same step, the later counts as last */
    static Curve of(String metric, List<MetricPoint> points) {
        MetricPoint last = points.get(0);
        MetricPoint best = last;
        Comparator<Double> order = isHigherBetter(metric) ? Comparator.reverseOrder() : Comparator.naturalOrder();
        for (MetricPoint point : points) {
            if (point.step() >= last.step()) {
                last = point;
            }
            boolean isFirstNumber = Double.isNaN(best.value());
            if (!Double.isNaN(point.value()) && (isFirstNumber || order.compare(point.value(), best.value()) < 0)) {
                best = point;
            }
        }
        double[] sorted =
                points.stream().mapToDouble(MetricPoint::value).sorted().toArray();
        return new Curve(last.value(), best.value(), best.step(), sorted[sorted.length / 2]);
    }

    /** Whether more of {@code metric} is better: accuracy and speed; of losses less is. */
    static boolean isHigherBetter(String metric) {
        return metric.endsWith("accuracy") || metric.endsWith("tokens_per_second");
    }
}
