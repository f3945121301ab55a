package dev.switchlab.analysis.chart;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Draws means with their intervals. */
final class SvgIntervals {

    private static final double HEIGHT = 250;
    /** Half the width of an interval's ends. */
    private static final double CAP = 6;
    /** How far single values stand from their mean, so that its interval does not hide them. */
    private static final double BESIDE = 10;
    /** Longer labels are cut, so that a few always have room. */
    private static final double MOST_LABEL = 150;
    /** Between two labels. */
    private static final double SPACE = 8;

    private static final String COLOR = Palette.color(0);

    private final IntervalChart chart;
    private final Range x;
    private final Range y;
    private final Ticks ticks;
    private final double left;
    private final double right;
    private final double top = SvgFrame.top(List.of());
    private final double bottom = top + HEIGHT;

    SvgIntervals(IntervalChart chart) {
        this.chart = chart;
        this.x = chart.places();
        this.y = chart.shown().padded(0.06);
        this.ticks = Ticks.of(y, 5);
        this.left = SvgFrame.left(ticks);
        this.right = SvgFrame.WIDTH - 16;
    }

    String draw() {
        SvgWriter svg = SvgFrame.begin(chart, bottom + 46);
        SvgFrame.yGrid(svg, ticks, this::y, left, right);
        xAxis(svg);
        SvgFrame.xTitle(svg, chart.xTitle(), left, right, bottom + 37);
        SvgFrame.yTitle(svg, chart.yTitle(), top, bottom);
        svg.open("g", "class", "marks");
        if (chart.scale() != IntervalChart.Scale.CATEGORIES) {
            connection(svg);
        }
        for (int i = 0; i < chart.points().size(); i++) {
            if (Double.isFinite(chart.points().get(i).mean())) {
                point(svg, chart.points().get(i), x(i));
            }
        }
        svg.close();
        hints(svg);
        return svg.close().finish();
    }

    /** Between numbers there are others; between names there is nothing. */
    private void connection(SvgWriter svg) {
        StringBuilder path = new StringBuilder();
        IntStream.of(order())
                .filter(i -> Double.isFinite(chart.points().get(i).mean()))
                .forEach(i -> path.append(path.isEmpty() ? "M" : "L")
                        .append(SvgWriter.number(x(i)))
                        .append(' ')
                        .append(SvgWriter.number(y(chart.points().get(i).mean()))));
        if (!path.isEmpty()) {
            svg.leaf("path", "d", path, "fill", "none", "stroke", COLOR, "stroke-opacity", "0.35");
        }
    }

    private void point(SvgWriter svg, IntervalChart.Point point, double place) {
        if (point.hasInterval()) {
            interval(svg, point, place);
        }
        if (point.values().length > 1) {
            for (double value : point.values()) {
                if (Double.isFinite(value)) {
                    svg.leaf("circle", "cx", place + BESIDE, "cy", y(value), "r", 2.5, "fill", SvgFrame.AXIS);
                }
            }
        }
        svg.leaf("circle", "cx", place, "cy", y(point.mean()), "r", 4, "fill", COLOR);
    }

    /** An end that lies outside is an arrow instead of a bar. */
    private void interval(SvgWriter svg, IntervalChart.Point point, double place) {
        double from = Math.max(point.low(), y.low());
        double to = Math.min(point.high(), y.high());
        StringBuilder path =
                new StringBuilder(SvgWriter.move(place, y(from))).append('V').append(SvgWriter.number(y(to)));
        end(path, place, y(from), point.low() < from ? -CAP : 0);
        end(path, place, y(to), point.high() > to ? CAP : 0);
        svg.leaf("path", "d", path, "fill", "none", "stroke", COLOR, "stroke-width", 1.5);
    }

    private static void end(StringBuilder path, double place, double y, double slope) {
        path.append(SvgWriter.move(place - CAP, y + slope))
                .append('L')
                .append(SvgWriter.number(place))
                .append(' ')
                .append(SvgWriter.number(y))
                .append('L')
                .append(SvgWriter.number(place + CAP))
                .append(' ')
                .append(SvgWriter.number(y + slope));
    }

    /** A tick for each place, and the labels that have room, from the left. */
    private void xAxis(SvgWriter svg) {
        StringBuilder axis = new StringBuilder(SvgWriter.move(left, bottom) + "h" + SvgWriter.number(right - left));
        double free = Double.NEGATIVE_INFINITY;
        for (int i : order()) {
            double place = x(i);
            axis.append(SvgWriter.move(place, bottom)).append("v4");
            String label = TextWidth.cut(chart.points().get(i).label(), SvgFrame.FONT, MOST_LABEL);
            double half = TextWidth.of(label, SvgFrame.FONT) / 2;
            double middle = Math.min(Math.max(place, half + 2), SvgFrame.WIDTH - half - 2);
            if (middle - half >= free) {
                svg.label(middle, bottom + 17, "middle", label);
                free = middle + half + SPACE;
            }
        }
        svg.leaf("path", "d", axis, "stroke", SvgFrame.AXIS);
    }

    /** Each point speaks as far as it is the nearest. */
    private void hints(SvgWriter svg) {
        int[] order = order();
        SvgFrame.hints(svg);
        for (int i = 0; i < order.length; i++) {
            double from = i == 0 ? left : (x(order[i - 1]) + x(order[i])) / 2;
            double to = i == order.length - 1 ? right : (x(order[i]) + x(order[i + 1])) / 2;
            IntervalChart.Point point = chart.points().get(order[i]);
            if (Double.isFinite(point.mean())) {
                svg.open("rect", "x", from, "y", top, "width", to - from, "height", bottom - top);
                svg.tooltip(texts(point)).close();
            }
        }
        svg.close();
    }

    /** Points from the left. */
    private int[] order() {
        return IntStream.range(0, chart.points().size())
                .boxed()
                .sorted(Comparator.comparingDouble(chart::place))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static List<String> texts(IntervalChart.Point point) {
        List<String> texts = new ArrayList<>();
        texts.add(String.format(Locale.ROOT, "%s: %.4f", point.label(), point.mean()));
        if (point.hasInterval()) {
            texts.add(String.format(Locale.ROOT, "interval %.4f to %.4f", point.low(), point.high()));
        }
        if (point.values().length > 1) {
            texts.add("of "
                    + String.join(
                            ", ",
                            Arrays.stream(point.values())
                                    .mapToObj(value -> String.format(Locale.ROOT, "%.4f", value))
                                    .toList()));
        }
        return texts;
    }

    private double x(int index) {
        double inset = 40;
        return left + inset + x.share(chart.place(index)) * (right - left - 2 * inset);
    }

    private double y(double value) {
        return bottom - y.share(value) * (bottom - top);
    }
}
