package dev.switchlab.analysis.chart;

import java.util.List;
import java.util.stream.DoubleStream;

/** Draws lines. */
final class SvgLines {

    private static final double HEIGHT = 250;
    /** Points drawn of all lines together, about ten bytes each. */
    private static final int MOST_POINTS = 4000;
    /** Up to so many points, each gets a dot. */
    private static final int DOTTED = 20;

    private static final List<String> DASHES = List.of("none", "7 3", "2 2", "7 3 2 3", "12 4", "12 3 2 3");

    private final LineChart chart;
    private final LineChart.XAxis axis;
    private final Range x;
    private final Range y;
    private final Ticks xTicks;
    private final Ticks yTicks;
    private final double left;
    private final double right;
    private final double top;
    private final double bottom;

    SvgLines(LineChart given) {
        this.axis = given.xAxis();
        this.chart = given.placed();
        Range points = Range.of(chart.lines().stream().flatMapToDouble(line -> DoubleStream.of(line.x())));
        this.x = points.high() > points.low() ? points : points.padded(0.04);
        this.y = Range.of(chart.lines().stream().flatMapToDouble(LineChart.Line::values))
                .padded(0.04);
        boolean isCounted = chart.lines().stream()
                .flatMapToDouble(line -> DoubleStream.of(line.x()))
                .allMatch(value -> value == Math.rint(value));
        this.xTicks = axis == LineChart.XAxis.DOUBLING
                ? Ticks.ofWhole(x, 8).labelled(place -> LineHints.shown(axis.value(place)))
                : isCounted ? Ticks.ofWhole(x, 8) : Ticks.of(x, 8);
        this.yTicks = Ticks.of(y, 5);
        this.right = SvgFrame.right(xTicks);
        this.left = SvgFrame.left(yTicks);
        this.top = SvgFrame.top(names());
        this.bottom = top + HEIGHT;
    }

    private List<String> names() {
        return chart.lines().stream().map(LineChart.Line::name).toList();
    }

    String draw() {
        SvgWriter svg = SvgFrame.begin(chart, bottom + 46);
        SvgFrame.legend(
                svg,
                names(),
                (index, from, middle, width) -> stroke(
                        svg, index, "M" + SvgWriter.number(from) + " " + SvgWriter.number(middle) + "h" + width));
        axes(svg);
        int columns = Math.max(40, (int)
                Math.min(right - left, MOST_POINTS / (4.0 * chart.lines().size())));
        // Bands first: none covers a line.
        for (int i = 0; i < chart.lines().size(); i++) {
            new SvgBand(chart.lines().get(i), Palette.line(i), this::x, this::y).draw(svg);
        }
        for (int i = 0; i < chart.lines().size(); i++) {
            LineChart.Line line = chart.lines().get(i);
            svg.open("g", "class", "marks");
            for (int[] run : Thinning.runs(line, x, columns)) {
                draw(svg, i, line, run);
            }
            svg.close();
        }
        hints(svg);
        return svg.close().finish();
    }

    private void hints(SvgWriter svg) {
        LineHints hints = LineHints.of(chart, axis, x);
        SvgFrame.hints(svg);
        for (int i = 0; i < hints.texts().size(); i++) {
            if (!hints.texts().get(i).isEmpty()) {
                double from = x(hints.from()[i]);
                String width = SvgWriter.number(x(hints.to()[i]) - from);
                String height = SvgWriter.number(bottom - top);
                svg.open(
                        "path",
                        "d",
                        "M" + SvgWriter.number(from) + " " + SvgWriter.number(top) + "h" + width + "v" + height + "h-"
                                + width + "z");
                svg.tooltip(hints.texts().get(i)).close();
            }
        }
        svg.close();
    }

    private void axes(SvgWriter svg) {
        SvgFrame.yGrid(svg, yTicks, this::y, left, right);
        StringBuilder baseline = new StringBuilder(SvgWriter.move(left, bottom) + "h" + SvgWriter.number(right - left));
        for (int i = 0; i < xTicks.values().size(); i++) {
            double place = x(xTicks.values().get(i));
            baseline.append(SvgWriter.move(place, bottom)).append("v4");
            svg.label(place, bottom + 17, "middle", xTicks.labels().get(i));
        }
        svg.leaf("path", "d", baseline, "stroke", SvgFrame.AXIS);
        SvgFrame.xTitle(svg, chart.xTitle(), left, right, bottom + 37);
        SvgFrame.yTitle(svg, chart.yTitle(), top, bottom);
    }

    private void draw(SvgWriter svg, int index, LineChart.Line line, int[] run) {
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < run.length; i++) {
            path.append(i == 0 ? "M" : i == 1 ? "L" : " ")
                    .append(SvgWriter.number(x(line.x()[run[i]])))
                    .append(' ')
                    .append(SvgWriter.number(y(line.y()[run[i]])));
        }
        if (run.length > 1) {
            stroke(svg, index, path.toString());
        }
        // A point by itself would be invisible.
        if (run.length == 1 || line.x().length <= DOTTED) {
            for (int point : run) {
                svg.leaf(
                        "circle",
                        "cx",
                        x(line.x()[point]),
                        "cy",
                        y(line.y()[point]),
                        "r",
                        2.5,
                        "fill",
                        Palette.line(index));
            }
        }
    }

    private static void stroke(SvgWriter svg, int index, String path) {
        svg.leaf(
                "path",
                "d",
                path,
                "fill",
                "none",
                "stroke",
                Palette.line(index),
                "stroke-width",
                1.5,
                "stroke-linejoin",
                "round",
                "stroke-dasharray",
                DASHES.get(index / Palette.COLORS % DASHES.size()));
    }

    private double x(double value) {
        return left + x.share(value) * (right - left);
    }

    private double y(double value) {
        return bottom - y.share(value) * (bottom - top);
    }
}
