package dev.switchlab.analysis.chart;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Draws bars: a row for each category, the series end to end. */
final class BarDrawing {

    private static final double ROW = 24;
    private static final double MOST_LABEL = 200;
    /** Room for a value beside its bar. */
    private static final double VALUE = 60;

    private final BarChart chart;
    private final boolean isStacked;
    private final List<Tick> ticks;
    private final Frame frame;
    private final Axis x;

    BarDrawing(BarChart chart) {
        this.chart = chart;
        this.isStacked = chart.series().size() > 1;
        double longest = IntStream.range(0, chart.categories().size())
                .mapToDouble(row -> end(chart.series().size(), row))
                .max()
                .orElse(0);
        Range values = new Range(0, longest > 0 ? longest : 1);
        this.ticks = Tick.of(values, 6);
        List<String> names = chart.series().stream().map(BarChart.Series::name).toList();
        double left = 20 + Math.min(MOST_LABEL, Labels.widest(chart.categories().stream()));
        double right = isStacked ? Frame.right(ticks) : Frame.WIDTH - VALUE;
        this.frame =
                new Frame(chart, names, left, right, ROW * chart.categories().size());
        this.x = frame.x(values);
    }

    /** Where the first {@code count} bars of a row end; a value that cannot be drawn has no length. */
    private double end(int count, int row) {
        return chart.series().stream()
                .limit(count)
                .mapToDouble(series -> series.values()[row])
                .filter(value -> Double.isFinite(value) && value > 0)
                .sum();
    }

    String svg() {
        frame.legend((index, from, middle, width) ->
                frame.svg.leaf("rect", "x y width height fill", from, middle - 5, width, 10, Palette.color(index)));
        for (Tick tick : ticks) {
            double place = x.at(tick.value());
            frame.line(place, frame.top, place, frame.bottom, Frame.GRID);
            frame.xLabel(place, tick.label());
        }
        frame.svg.open("g", "class", "marks");
        for (int row = 0; row < chart.categories().size(); row++) {
            bars(row);
        }
        frame.svg.close();
        for (int row = 0; row < chart.categories().size(); row++) {
            labels(row);
        }
        frame.line(frame.left, frame.top, frame.left, frame.bottom, Frame.AXIS);
        frame.xTitle(chart.valueTitle());
        return frame.finish();
    }

    private void bars(int row) {
        double y = frame.top + row * ROW;
        for (int i = 0; i < chart.series().size(); i++) {
            BarChart.Series series = chart.series().get(i);
            double from = x.at(end(i, row));
            double to = x.at(end(i + 1, row));
            frame.svg.open("rect", "x y width height fill", from, y + 4, to - from, ROW - 8, Palette.color(i));
            String name = chart.categories().get(row) + (isStacked ? ", " + series.name() : "");
            frame.tooltip(List.of(String.format(Locale.ROOT, "%s: %.4g", name, series.values()[row])));
            frame.svg.close();
        }
    }

    private void labels(int row) {
        double y = frame.top + row * ROW + 16;
        frame.label(frame.left - 8, y, "end", Labels.cut(chart.categories().get(row), Frame.FONT, MOST_LABEL));
        if (!isStacked) {
            double value = chart.series().get(0).values()[row];
            frame.label(x.at(end(1, row)) + 6, y, "start", String.format(Locale.ROOT, "%.4g", value));
        }
    }
}
