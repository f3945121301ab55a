package dev.switchlab.analysis.chart;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

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

    /** How far apart values lie along the bottom. */
    public enum Scale {
        /** Equal differences are equally long. */
        LINEAR,
        /** Equal ratios are equally long; all values are above 0. */
        LOGARITHMIC,
        /** One beside the other, whatever they are. */
        CATEGORIES
    }

    /** Checks that all points have a place. */
    public IntervalChart {
        points = List.copyOf(points);
        if (points.isEmpty()) {
            throw new IllegalArgumentException("chart '" + title + "' has no point");
        }
        for (Point point : points) {
            boolean isPlaced = scale == Scale.CATEGORIES
                    || (Double.isFinite(point.x()) && (scale == Scale.LINEAR || point.x() > 0));
            if (!isPlaced) {
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

    /** Where point {@code index} stands, in a unit of the chart's own. */
    double place(int index) {
        double x = points.get(index).x();
        return switch (scale) {
            case LINEAR -> x;
            case LOGARITHMIC -> Math.log(x);
            case CATEGORIES -> index;
        };
    }

    /** Least and greatest place. */
    Range places() {
        double[] places = new double[points.size()];
        Arrays.setAll(places, this::place);
        return Range.of(DoubleStream.of(places));
    }

    /**
     * What is drawn of the y axis: all values and means, and the intervals as far as they leave the rest readable. An
     * interval of two values may be twenty times as long as the values are apart.
     */
    Range shown() {
        Range values = Range.of(points.stream()
                .flatMapToDouble(
                        point -> DoubleStream.concat(DoubleStream.of(point.mean()), DoubleStream.of(point.values()))));
        Range all = Range.of(
                points.stream().flatMapToDouble(point -> DoubleStream.of(point.mean(), point.low(), point.high())));
        double room = values.high() - values.low();
        // Without a spread there is nothing to keep readable.
        return room == 0
                ? new Range(Math.min(values.low(), all.low()), Math.max(values.high(), all.high()))
                : new Range(
                        Math.min(values.low(), Math.max(all.low(), values.low() - room)),
                        Math.max(values.high(), Math.min(all.high(), values.high() + room)));
    }

    @Override
    public String description() {
        return "Means with intervals, " + yTitle + " by " + xTitle + ": "
                + points.stream().map(Point::words).collect(Collectors.joining("; ")) + ".";
    }

    @Override
    public <R> R draw(Renderer<R> renderer) {
        return renderer.intervals(this);
    }
}
