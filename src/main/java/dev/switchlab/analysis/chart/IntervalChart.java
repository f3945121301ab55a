package dev.switchlab.analysis.chart;

import static com.google.common.base.Preconditions.checkArgument;

import dev.switchlab.analysis.chart.Frame.Axis;
import dev.switchlab.analysis.chart.Range.Tick;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Means with their intervals, and the values that they are means of, along an axis of numbers or names.
 *
 * @param xTitle what the axis along the bottom is
 * @param yTitle what the means are, with their unit
 * @param points at least one
 */
public record IntervalChart(String title, String xTitle, Scale scale, String yTitle, List<Point> points)
        implements Chart {

    /** Checks that all points have a place. */
    public IntervalChart {
        points = List.copyOf(points);
        checkArgument(!points.isEmpty(), "chart '%s' has no point", title);
        for (Point point : points) {
            checkArgument(
                    scale == Scale.CATEGORIES || scale.allows(point.x()),
                    "chart '%s': '%s' has x = %s, allowed on a %s axis: %s",
                    title,
                    point.label(),
                    point.x(),
                    scale.name().toLowerCase(Locale.ROOT),
                    scale == Scale.LINEAR ? "numbers" : "numbers above 0");
        }
    }

    /**
     * A mean.
     *
     * @param label what stands below it
     * @param x where it stands; of no meaning among categories
     * @param mean NaN for a point that is not drawn
     * @param low the interval's lower end; NaN without an interval
     * @param values what it is the mean of
     */
    public record Point(String label, double x, double mean, double low, double high, double[] values) {

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

    /**
     * The part of the y axis that is drawn: all values and means, and the intervals as far as they leave the rest
     * readable. An interval of two values may be twenty times as long as the values are apart.
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
    public String svg() {
        return new Drawing().svg();
    }

    private final class Drawing {

        private static final double HEIGHT = 250;
        /** From the ends of the plot to the first and the last mean. */
        private static final double INSET = 40;
        /** Half the width of an interval's ends, at most. */
        private static final double CAP = 6;
        /** How far single values stand from their mean, at most, so that its interval does not hide them. */
        private static final double BESIDE = 10;
        /** Longer labels are cut, so that a few always have room. */
        private static final double MOST_LABEL = 150;
        /** Between two labels. */
        private static final double SPACE = 4;

        private static final String COLOR = Palette.color(0);

        private final List<Mark> marks;
        private final List<Tick> yTicks;
        private final Frame frame;
        private final Axis y;
        /** Half the least distance of two neighbors. */
        private final double half;

        private record Mark(Point point, double x) {

            boolean isDrawn() {
                return Double.isFinite(point.mean());
            }
        }

        Drawing() {
            Range values = shown().padded(0.06);
            this.yTicks = values.ticks(5);
            this.frame = new Frame(IntervalChart.this, List.of(), Frame.left(yTicks), Frame.WIDTH - 16, HEIGHT);
            this.y = frame.y(values);
            this.marks = marks();
            double nearest = IntStream.range(1, marks.size())
                    .mapToDouble(i -> marks.get(i).x() - marks.get(i - 1).x())
                    .filter(gap -> gap > 0)
                    .min()
                    .orElse(Double.POSITIVE_INFINITY);
            this.half = nearest / 2;
        }

        private List<Mark> marks() {
            double[] places = IntStream.range(0, points.size())
                    .mapToDouble(i -> scale == Scale.CATEGORIES
                            ? i
                            : scale.place(points.get(i).x()))
                    .toArray();
            Axis x = new Axis(Range.of(DoubleStream.of(places)), frame.left + INSET, frame.right - INSET);
            return IntStream.range(0, places.length)
                    .mapToObj(i -> new Mark(points.get(i), x.at(places[i])))
                    .sorted(Comparator.comparingDouble(Mark::x))
                    .toList();
        }

        String svg() {
            frame.yAxis(yTitle, y, yTicks);
            frame.xTicks(marks.stream().mapToDouble(Mark::x));
            frame.baseline();
            labels();
            frame.xTitle(xTitle);
            List<Mark> drawn = marks.stream().filter(Mark::isDrawn).toList();
            frame.svg.open("g", "class", "marks");
            if (scale != Scale.CATEGORIES) {
                connection(drawn);
            }
            drawn.forEach(mark -> point(mark.point(), mark.x()));
            frame.svg.close();
            hints();
            return frame.finish();
        }

        /** The labels that have room, from the left. */
        private void labels() {
            double free = Double.NEGATIVE_INFINITY;
            for (Mark mark : marks) {
                String label = Labels.cut(mark.point().label(), Frame.FONT, MOST_LABEL);
                double wing = Labels.width(label, Frame.FONT) / 2;
                double middle = Math.min(Math.max(mark.x(), wing + 2), Frame.WIDTH - wing - 2);
                if (middle - wing >= free) {
                    frame.xLabel(middle, label);
                    free = middle + wing + SPACE;
                }
            }
        }

        /** A line through the means; only numbers have values between them. */
        private void connection(List<Mark> drawn) {
            Path path = new Path();
            drawn.forEach(mark -> path.moveOrLine(mark.x(), y.at(mark.point().mean())));
            if (!path.isEmpty()) {
                frame.svg.leaf("path", "d fill stroke stroke-opacity", path, "none", COLOR, "0.35");
            }
        }

        private void point(Point point, double x) {
            if (point.hasInterval()) {
                interval(point, x);
            }
            if (point.values().length > 1) {
                DoubleStream.of(point.values())
                        .filter(Double::isFinite)
                        .forEach(value -> frame.dot(x + Math.min(BESIDE, half), y.at(value), 2.5, Frame.AXIS));
            }
            frame.dot(x, y.at(point.mean()), 4, COLOR);
        }

        /** An end that lies outside is an arrow instead of a bar. */
        private void interval(Point point, double x) {
            double from = Math.max(point.low(), y.range().low());
            double to = Math.min(point.high(), y.range().high());
            Path path = new Path().move(x, y.at(from)).line(x, y.at(to));
            end(path, x, y.at(from), point.low() < from ? -CAP : 0);
            end(path, x, y.at(to), point.high() > to ? CAP : 0);
            frame.svg.leaf("path", "d fill stroke stroke-width", path, "none", COLOR, 1.5);
        }

        private void end(Path path, double x, double y, double slope) {
            double cap = Math.min(CAP, half / 2);
            path.move(x - cap, y + slope).line(x, y).line(x + cap, y + slope);
        }

        /** Each point shows its values where it is the nearest. */
        private void hints() {
            frame.openHints();
            for (int i = 0; i < marks.size(); i++) {
                Mark mark = marks.get(i);
                double from = i == 0 ? frame.left : (marks.get(i - 1).x() + mark.x()) / 2;
                double to = i == marks.size() - 1
                        ? frame.right
                        : (mark.x() + marks.get(i + 1).x()) / 2;
                if (mark.isDrawn()) {
                    frame.hint(from, frame.top, to - from, frame.bottom - frame.top, texts(mark.point()));
                }
            }
            frame.svg.close();
        }

        private static List<String> texts(Point point) {
            List<String> texts = new ArrayList<>();
            texts.add(String.format(Locale.ROOT, "%s: %.4f", point.label(), point.mean()));
            if (point.hasInterval()) {
                texts.add(String.format(Locale.ROOT, "interval %.4f to %.4f", point.low(), point.high()));
            }
            if (point.values().length > 1) {
                texts.add(Arrays.stream(point.values())
                        .mapToObj(value -> String.format(Locale.ROOT, "%.4f", value))
                        .collect(Collectors.joining(", ", "of ", "")));
            }
            return texts;
        }
    }
}
