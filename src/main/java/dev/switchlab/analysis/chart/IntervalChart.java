package dev.switchlab.analysis.chart;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Means with their intervals, and the values that they are means of, along an axis of numbers or names.
 *
 * @param title names the chart where it stands alone
 * @param xTitle what the axis along the bottom is
 * @param scale how far apart its values lie
 * @param yTitle what the means are, with their unit
 * @param points at least one
 */
public record IntervalChart(String title, String xTitle, Scale scale, String yTitle, List<Point> points)
        implements Chart {

    /** Checks that all points have a place. */
    public IntervalChart {
        points = List.copyOf(points);
        if (points.isEmpty()) {
            throw new IllegalArgumentException("chart '" + title + "' has no point");
        }
        for (Point point : points) {
            if (scale != Scale.CATEGORIES && !scale.allows(point.x())) {
                throw new IllegalArgumentException("chart '" + title + "': '" + point.label() + "' has x = " + point.x()
                        + ", allowed on a " + scale.name().toLowerCase(Locale.ROOT) + " axis: "
                        + (scale == Scale.LINEAR ? "numbers" : "numbers above 0"));
            }
        }
    }

    /**
     * A mean.
     *
     * @param label what stands below it
     * @param x where it stands; of no meaning among categories
     * @param mean NaN for a point that is not drawn
     * @param low the interval's lower end; NaN without an interval
     * @param high its upper end
     * @param values what it is the mean of
     */
    public record Point(String label, double x, double mean, double low, double high, double[] values) {

        /** Whether there is an interval around the mean. */
        boolean hasInterval() {
            return Double.isFinite(low) && Double.isFinite(high);
        }

        private String words() {
            return label + " "
                    + (hasInterval()
                            ? String.format(Locale.ROOT, "%.4g (%.4g to %.4g)", mean, low, high)
                            : String.format(Locale.ROOT, "%.4g", mean));
        }
    }

    @Override
    public String description() {
        return "Means with intervals, " + yTitle + " by " + xTitle + ": "
                + points.stream().map(Point::words).collect(Collectors.joining("; ")) + ".";
    }

    @Override
    public String svg() {
        return new IntervalDrawing(this).svg();
    }
}
