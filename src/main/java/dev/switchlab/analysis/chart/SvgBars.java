package dev.switchlab.analysis.chart;

import java.util.List;
import java.util.Locale;

/** Draws bars. */
final class SvgBars {

    private static final double ROW = 24;
    private static final double MOST_LABEL = 200;
    private static final double VALUE = 60;

    private final BarChart chart;
    private final boolean stacked;
    private final Range values;
    private final Ticks ticks;
    private final double left;
    private final double right;
    private final double top;
    private final double bottom;

    SvgBars(BarChart chart) {
        this.chart = chart;
        this.stacked = chart.series().size() > 1;
        this.values = new Range(0, chart.longest() > 0 ? chart.longest() : 1);
        this.left = 20
                + Math.min(
                        MOST_LABEL,
                        chart.categories().stream()
                                .mapToDouble(label -> TextWidth.of(label, SvgFrame.FONT))
                                .max()
                                .orElse(0));
        this.ticks = Ticks.of(values, 6);
        this.right = stacked ? SvgFrame.right(ticks) : SvgFrame.WIDTH - VALUE;
        this.top = SvgFrame.top(names());
        this.bottom = top + ROW * chart.categories().size();
    }

    private List<String> names() {
        return chart.series().stream().map(BarChart.Series::name).toList();
    }

    String draw() {
        SvgWriter svg = SvgFrame.begin(chart, bottom + 46);
        SvgFrame.legend(
                svg,
                names(),
                (index, x, y, width) -> svg.leaf(
                        "rect", "x", x, "y", y - 5, "width", width, "height", 10, "fill", Palette.color(index)));
        for (int i = 0; i < ticks.values().size(); i++) {
            double place = x(ticks.values().get(i));
            svg.line(place, top, place, bottom, SvgFrame.GRID);
            svg.label(place, bottom + 17, "middle", ticks.labels().get(i));
        }
        svg.open("g", "class", "marks");
        for (int row = 0; row < chart.categories().size(); row++) {
            bars(svg, row);
        }
        svg.close();
        for (int row = 0; row < chart.categories().size(); row++) {
            labels(svg, row);
        }
        svg.line(left, top, left, bottom, SvgFrame.AXIS);
        SvgFrame.xTitle(svg, chart.valueTitle(), left, right, bottom + 37);
        return svg.close().finish();
    }

    private void labels(SvgWriter svg, int row) {
        double y = top + row * ROW + 16;
        svg.label(left - 8, y, "end", TextWidth.cut(chart.categories().get(row), SvgFrame.FONT, MOST_LABEL));
        if (!stacked) {
            double value = chart.series().get(0).values()[row];
            svg.label(x(BarChart.length(value)) + 6, y, "start", String.format(Locale.ROOT, "%.4g", value));
        }
    }

    private void bars(SvgWriter svg, int row) {
        double y = top + row * ROW;
        String category = chart.categories().get(row);
        double end = 0;
        for (int i = 0; i < chart.series().size(); i++) {
            BarChart.Series series = chart.series().get(i);
            double value = series.values()[row];
            double from = x(end);
            end += BarChart.length(value);
            svg.open(
                    "rect", "x", from, "y", y + 4, "width", x(end) - from, "height", ROW - 8, "fill", Palette.color(i));
            svg.text(
                            "title",
                            category
                                    + (stacked ? ", " + series.name() : "")
                                    + String.format(Locale.ROOT, ": %.4g", value))
                    .close();
        }
    }

    private double x(double value) {
        return left + values.share(value) * (right - left);
    }
}
