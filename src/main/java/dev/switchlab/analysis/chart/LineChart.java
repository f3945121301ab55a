package dev.switchlab.analysis.chart;

import static com.google.common.base.Preconditions.checkArgument;

import dev.switchlab.analysis.chart.Frame.Axis;
import dev.switchlab.analysis.chart.Range.Tick;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Lines over a common x axis.
 *
 * @param yTitle what y is, with its unit
 * @param lines at least one, in the order of the legend
 */
public record LineChart(String title, String xTitle, Scale scale, String yTitle, List<Line> lines) implements Chart {

    /** Along an axis on which equal differences are equally long. */
    public LineChart(String title, String xTitle, String yTitle, List<Line> lines) {
        this(title, xTitle, Scale.LINEAR, yTitle, lines);
    }

    /** Checks that there is something to draw. */
    public LineChart {
        lines = List.copyOf(lines);
        checkArgument(!lines.isEmpty(), "chart '%s' has no line", title);
        for (Line line : lines) {
            checkArgument(
                    DoubleStream.of(line.x()).allMatch(scale::allows),
                    "chart '%s': every x of line '%s' must be above 0 on a logarithmic axis",
                    title,
                    line.name());
        }
    }

    /**
     * One line, and the band around it; where a value is NaN or infinite, they have a gap.
     *
     * @param x finite and ascending
     * @param y one value per {@code x}
     * @param low the band's lower edge, one value per {@code x}; empty without a band
     * @param high its upper edge
     */
    public record Line(String name, double[] x, double[] y, double[] low, double[] high) {

        /** A line without a band. */
        public Line(String name, double[] x, double[] y) {
            this(name, x, y, new double[0], new double[0]);
        }

        /** Checks the points. */
        public Line {
            checkArgument(x.length == y.length, "line '%s' has %s x and %s y", name, x.length, y.length);
            checkArgument(
                    low.length == high.length && (low.length == 0 || low.length == x.length),
                    "line '%s' has %s x, but its band %s lower and %s upper values",
                    name,
                    x.length,
                    low.length,
                    high.length);
            for (int i = 0; i < x.length; i++) {
                checkArgument(
                        Double.isFinite(x[i]) && (i == 0 || x[i] >= x[i - 1]),
                        "line '%s': x must be finite and ascend, but x[%s] is %s",
                        name,
                        i,
                        x[i]);
            }
        }

        boolean hasBand() {
            return low.length > 0;
        }

        /** All values that are drawn: the line's and the band's edges. */
        DoubleStream values() {
            return Stream.of(y, low, high).flatMapToDouble(Arrays::stream);
        }

        private String words() {
            double[] finite = Arrays.stream(y).filter(Double::isFinite).toArray();
            return finite.length == 0
                    ? name + " has no finite value"
                    : String.format(
                            Locale.ROOT,
                            "%s from %.4g to %.4g (least %.4g, greatest %.4g)",
                            name,
                            finite[0],
                            finite[finite.length - 1],
                            DoubleStream.of(finite).min().orElseThrow(),
                            DoubleStream.of(finite).max().orElseThrow());
        }
    }

    @Override
    public String description() {
        return "Line chart, " + yTitle + " by " + xTitle + ": "
                + lines.stream().map(Line::words).collect(Collectors.joining("; ")) + ".";
    }

    @Override
    public String svg() {
        return new Drawing().svg();
    }

    private final class Drawing {

        private static final double HEIGHT = 250;
        /** Points drawn of all lines together, about ten bytes each. */
        private static final int MOST_POINTS = 4000;
        /** Up to so many points, each gets a dot. */
        private static final int DOTTED = 20;
        /** Areas that show values: enough to find a place, few enough to keep a drawing small. */
        private static final int MOST_HINTS = 50;
        /** Of a band, so that other bands shine through; as text, because lengths have one digit only. */
        private static final String OPACITY = "0.18";

        private static final List<String> DASHES = List.of("none", "7 3", "2 2", "7 3 2 3", "12 4", "12 3 2 3");

        /** Lines with each x at its place on the axis. */
        private final List<Line> drawn;

        private final List<Tick> xTicks;
        private final List<Tick> yTicks;
        private final Frame frame;
        private final Axis x;
        private final Axis y;

        Drawing() {
            this.drawn = lines.stream().map(this::placed).toList();
            double[] places = places();
            Range points = Range.of(DoubleStream.of(places));
            Range xRange = points.high() > points.low() ? points : points.padded(0.04);
            Range yRange =
                    Range.of(drawn.stream().flatMapToDouble(Line::values)).padded(0.04);
            this.xTicks = xTicks(places, xRange);
            this.yTicks = yRange.ticks(5);
            List<String> names = drawn.stream().map(Line::name).toList();
            this.frame = new Frame(LineChart.this, names, Frame.left(yTicks), Frame.right(xTicks), HEIGHT);
            this.x = frame.x(xRange);
            this.y = frame.y(yRange);
        }

        private Line placed(Line line) {
            double[] places = Arrays.stream(line.x()).map(scale::place).toArray();
            return new Line(line.name(), places, line.y(), line.low(), line.high());
        }

        /** Every place that has a point, ascending. */
        private double[] places() {
            return drawn.stream()
                    .flatMapToDouble(line -> DoubleStream.of(line.x()))
                    .sorted()
                    .distinct()
                    .toArray();
        }

        private List<Tick> xTicks(double[] places, Range range) {
            boolean isCounted = DoubleStream.of(places).allMatch(place -> place == Math.rint(place));
            return Frame.fitting(
                    Frame.WIDTH - 80,
                    8,
                    count -> scale == Scale.LOGARITHMIC
                            ? range.wholeTicks(count).stream()
                                    .map(tick -> new Tick(tick.value(), value(tick.value())))
                                    .toList()
                            : isCounted ? range.wholeTicks(count) : range.ticks(count));
        }

        String svg() {
            frame.legend((index, from, middle, width) ->
                    stroke(index, new Path().move(from, middle).right(width)));
            frame.yAxis(yTitle, y, yTicks);
            frame.xTicks(xTicks.stream().mapToDouble(tick -> x.at(tick.value())));
            xTicks.forEach(tick -> frame.xLabel(x.at(tick.value()), tick.label()));
            frame.baseline();
            frame.xTitle(xTitle);
            // Bands first: none covers a line.
            for (int i = 0; i < drawn.size(); i++) {
                band(i);
            }
            for (int i = 0; i < drawn.size(); i++) {
                frame.svg.open("g", "class", "marks");
                line(i);
                frame.svg.close();
            }
            hints();
            return frame.finish();
        }

        /** Along the upper edge and back along the lower. */
        private void band(int index) {
            Line line = drawn.get(index);
            List<int[]> pieces = Thinning.pieces(
                    line.low().length, i -> Double.isFinite(line.low()[i]) && Double.isFinite(line.high()[i]));
            for (int[] piece : pieces) {
                if (piece.length < 2) {
                    continue;
                }
                Path path = new Path();
                for (int point : piece) {
                    path.moveOrLine(x.at(line.x()[point]), y.at(line.high()[point]));
                }
                for (int i = piece.length - 1; i >= 0; i--) {
                    path.line(x.at(line.x()[piece[i]]), y.at(line.low()[piece[i]]));
                }
                frame.svg.leaf("path", "class d fill fill-opacity", "band", path.close(), Palette.line(index), OPACITY);
            }
        }

        private void line(int index) {
            Line line = drawn.get(index);
            int columns = Math.max(40, (int) Math.min(frame.right - frame.left, MOST_POINTS / (4.0 * drawn.size())));
            for (int[] run : Thinning.runs(line, x.range(), columns)) {
                if (run.length > 1) {
                    Path path = new Path();
                    IntStream.of(run).forEach(point -> path.moveOrLine(x.at(line.x()[point]), y.at(line.y()[point])));
                    stroke(index, path);
                }
                // A point by itself would be invisible.
                if (run.length == 1 || line.x().length <= DOTTED) {
                    for (int point : run) {
                        frame.dot(x.at(line.x()[point]), y.at(line.y()[point]), 2.5, Palette.line(index));
                    }
                }
            }
        }

        private void stroke(int index, Path path) {
            frame.svg.leaf(
                    "path",
                    "d fill stroke stroke-width stroke-linejoin stroke-dasharray",
                    path,
                    "none",
                    Palette.line(index),
                    1.5,
                    "round",
                    DASHES.get(index / Palette.COLORS % DASHES.size()));
        }

        /** Cuts the plot into strips that show the points in them: one around each place, or strips of one width. */
        private void hints() {
            double[] middles = places();
            Range range = x.range();
            if (middles.length > MOST_HINTS) {
                double width = (range.high() - range.low()) / MOST_HINTS;
                middles = DoubleStream.iterate(range.low() + width / 2, middle -> middle + width)
                        .limit(MOST_HINTS)
                        .toArray();
            }
            frame.openHints();
            double from = range.low();
            for (int i = 0; i < middles.length; i++) {
                boolean isLast = i == middles.length - 1;
                double to = isLast ? range.high() : (middles[i] + middles[i + 1]) / 2;
                List<String> texts = new ArrayList<>();
                for (Line line : drawn) {
                    // The last strip has its right end, too.
                    nearest(line, from, isLast ? Double.POSITIVE_INFINITY : to, middles[i])
                            .ifPresent(point -> texts.add(text(line, point)));
                }
                frame.hint(x.at(from), frame.top, x.at(to) - x.at(from), frame.bottom - frame.top, texts);
                from = to;
            }
            frame.svg.close();
        }

        /** The point from {@code from} to before {@code to} that is the nearest to {@code middle}. */
        private static Optional<Integer> nearest(Line line, double from, double to, double middle) {
            double[] places = line.x();
            return IntStream.range(0, places.length)
                    .filter(i -> places[i] >= from && places[i] < to && Double.isFinite(line.y()[i]))
                    .boxed()
                    .min(Comparator.comparingDouble(i -> Math.abs(places[i] - middle)));
        }

        private String text(Line line, int point) {
            String band = line.hasBand() && line.high()[point] > line.low()[point]
                    ? String.format(Locale.ROOT, " (%.4g to %.4g)", line.low()[point], line.high()[point])
                    : "";
            return String.format(
                    Locale.ROOT,
                    "%s: %.4g%s at %s %s",
                    line.name(),
                    line.y()[point],
                    band,
                    xTitle,
                    value(line.x()[point]));
        }

        /** The value at a place of the x axis. */
        private String value(double place) {
            double value = scale.value(place);
            return value == Math.rint(value) ? Long.toString((long) value) : String.format(Locale.ROOT, "%.4g", value);
        }
    }
}
