package dev.switchlab.analysis.chart;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Draws lines with their bands. */
final class LineDrawing {

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

    private final LineChart chart;
    /** Lines with each x at its place on the axis. */
    private final List<LineChart.Line> lines;

    private final List<Tick> xTicks;
    private final List<Tick> yTicks;
    private final Frame frame;
    private final Axis x;
    private final Axis y;

    LineDrawing(LineChart chart) {
        this.chart = chart;
        this.lines = chart.lines().stream().map(this::placed).toList();
        double[] places = places();
        Range points = Range.of(DoubleStream.of(places));
        Range xRange = points.high() > points.low() ? points : points.padded(0.04);
        Range yRange =
                Range.of(lines.stream().flatMapToDouble(LineChart.Line::values)).padded(0.04);
        this.xTicks = xTicks(places, xRange);
        this.yTicks = Tick.of(yRange, 5);
        List<String> names = lines.stream().map(LineChart.Line::name).toList();
        this.frame = new Frame(chart, names, Frame.left(yTicks), Frame.right(xTicks), HEIGHT);
        this.x = frame.x(xRange);
        this.y = frame.y(yRange);
    }

    private LineChart.Line placed(LineChart.Line line) {
        double[] places = Arrays.stream(line.x()).map(chart.scale()::place).toArray();
        return new LineChart.Line(line.name(), places, line.y(), line.low(), line.high());
    }

    /** Every place that has a point, ascending. */
    private double[] places() {
        return lines.stream()
                .flatMapToDouble(line -> DoubleStream.of(line.x()))
                .sorted()
                .distinct()
                .toArray();
    }

    private List<Tick> xTicks(double[] places, Range range) {
        if (chart.scale() == Scale.LOGARITHMIC) {
            return Tick.ofWhole(range, 8).stream()
                    .map(tick -> new Tick(tick.value(), value(tick.value())))
                    .toList();
        }
        boolean isCounted = DoubleStream.of(places).allMatch(place -> place == Math.rint(place));
        return isCounted ? Tick.ofWhole(range, 8) : Tick.of(range, 8);
    }

    String svg() {
        frame.legend((index, from, middle, width) ->
                stroke(index, new Path().move(from, middle).right(width)));
        frame.yAxis(chart.yTitle(), y, yTicks);
        frame.xTicks(xTicks.stream().mapToDouble(tick -> x.at(tick.value())));
        xTicks.forEach(tick -> frame.xLabel(x.at(tick.value()), tick.label()));
        frame.baseline();
        frame.xTitle(chart.xTitle());
        // Bands first: none covers a line.
        for (int i = 0; i < lines.size(); i++) {
            band(i);
        }
        for (int i = 0; i < lines.size(); i++) {
            frame.svg.open("g", "class", "marks");
            line(i);
            frame.svg.close();
        }
        hints();
        return frame.finish();
    }

    /** Along the upper edge and back along the lower. */
    private void band(int index) {
        LineChart.Line line = lines.get(index);
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
        LineChart.Line line = lines.get(index);
        int columns = Math.max(40, (int) Math.min(frame.right - frame.left, MOST_POINTS / (4.0 * lines.size())));
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
            for (LineChart.Line line : lines) {
                // The last strip has its right end, too.
                nearest(line, from, isLast ? Double.POSITIVE_INFINITY : to, middles[i])
                        .ifPresent(point -> texts.add(text(line, point)));
            }
            frame.hint(x.at(from), frame.top, x.at(to) - x.at(from), frame.bottom - frame.top, texts);
            from = to;
        }
        frame.svg.close();
    }

    private static OptionalInt nearest(LineChart.Line line, double from, double to, double middle) {
        int best = -1;
        for (int i = 0; i < line.x().length; i++) {
            double x = line.x()[i];
            boolean isInside = x >= from && x < to && Double.isFinite(line.y()[i]);
            if (isInside && (best < 0 || Math.abs(x - middle) < Math.abs(line.x()[best] - middle))) {
                best = i;
            }
        }
        return best < 0 ? OptionalInt.empty() : OptionalInt.of(best);
    }

    private String text(LineChart.Line line, int point) {
        String band = line.hasBand() && line.high()[point] > line.low()[point]
                ? String.format(Locale.ROOT, " (%.4g to %.4g)", line.low()[point], line.high()[point])
                : "";
        return String.format(
                Locale.ROOT,
                "%s: %.4g%s at %s %s",
                line.name(),
                line.y()[point],
                band,
                chart.xTitle(),
                value(line.x()[point]));
    }

    /** The value at a place of the x axis. */
    private String value(double place) {
        double value = chart.scale().value(place);
        return value == Math.rint(value) ? Long.toString((long) value) : String.format(Locale.ROOT, "%.4g", value);
    }
}
