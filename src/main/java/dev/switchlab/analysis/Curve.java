package dev.switchlab.analysis;

import dev.switchlab.runs.MetricPoint;
import java.util.Comparator;
import java.util.List;

/**
 * The history of a metric in figures.
 *
 * @param last value at the highest step
 * @param best least value, or greatest if {@link #isHigherBetter higher is better}; NaN only if all points are
 * @param bestStep the first step with the best value
 * @param median robust against a few slow steps
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
        return new Curve(
                last.value(),
                best.value(),
                best.step(),
                Setting.percentile(points.stream().mapToDouble(MetricPoint::value), 50));
    }

    /** Whether a higher value is better: of accuracy and speed, not of losses. */
    static boolean isHigherBetter(String metric) {
        return metric.endsWith("accuracy") || metric.endsWith("tokens_per_second");
    }
}
