package dev.switchlab.analysis.chart;

import static com.google.common.base.Preconditions.checkArgument;

import dev.switchlab.analysis.chart.Frame.Axis;
import dev.switchlab.analysis.chart.Range.Tick;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Horizontal bars from zero, so that names of any length stand beside them; several series lie end to end. Values that
 * are NaN, infinite or negative have no bar.
 *
 * @param valueTitle what the bars' length is, with its unit
 * @param categories one per row, from above
 * @param series at least one, in the order of the legend
 */
public record BarChart(String title, String valueTitle, List<String> categories, List<Series> series) implements Chart {

    /** Checks that every category has its values. */
    public BarChart {
        categories = List.copyOf(categories);
        series = List.copyOf(series);
        checkArgument(!series.isEmpty(), "chart '%s' has no bars", title);
        for (Series own : series) {
            checkArgument(
                    own.values.length == categories.size(),
                    "bars '%s' have %s values for %s categories",
                    own.name,
                    own.values.length,
                    categories.size());
        }
    }

    /**
     * The bars of one color.
     *
     * @param values one per category
     */
    public record Series(String name, double[] values) {}

    @Override
    public String description() {
        return "Bar chart, " + valueTitle + ": "
                + IntStream.range(0, categories.size())
                        .mapToObj(row -> categories.get(row) + " " + words(row))
                        .collect(Collectors.joining("; "))
                + ".";
    }

    private String words(int row) {
        return series.stream()
                .map(own -> (series.size() == 1 ? "" : own.name + " ")
                        + String.format(Locale.ROOT, "%.4g", own.values[row]))
                .collect(Collectors.joining(", "));
    }

    @Override
    public String svg() {
        return new Drawing().svg();
    }

    /** Draws bars: a row for each category, the series end to end. */
    private final class Drawing {

        private static final double ROW = 24;
        private static final double MOST_LABEL = 200;
        /** Room for a value beside its bar. */
        private static final double VALUE = 60;

        private final boolean isStacked;
        private final List<Tick> ticks;
        private final Frame frame;
        private final Axis x;

        Drawing() {
            this.isStacked = series.size() > 1;
            double longest = IntStream.range(0, categories.size())
                    .mapToDouble(row -> end(series.size(), row))
                    .max()
                    .orElse(0);
            Range values = new Range(0, longest > 0 ? longest : 1);
            List<String> names = series.stream().map(Series::name).toList();
            double left = 20 + Math.min(MOST_LABEL, Labels.widest(categories.stream()));
            this.ticks = Frame.fitting(Frame.WIDTH - VALUE - left, 6, values::ticks);
            double right = isStacked ? Frame.right(ticks) : Frame.WIDTH - VALUE;
            this.frame = new Frame(BarChart.this, names, left, right, ROW * categories.size());
            this.x = frame.x(values);
        }

        /** Where the first {@code count} bars of a row end; a value that cannot be drawn has no length. */
        private double end(int count, int row) {
            return series.stream()
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
            for (int row = 0; row < categories.size(); row++) {
                bars(row);
            }
            frame.svg.close();
            for (int row = 0; row < categories.size(); row++) {
                labels(row);
            }
            frame.line(frame.left, frame.top, frame.left, frame.bottom, Frame.AXIS);
            frame.xTitle(valueTitle);
            return frame.finish();
        }

        private void bars(int row) {
            double y = frame.top + row * ROW;
            for (int i = 0; i < series.size(); i++) {
                Series part = series.get(i);
                double from = x.at(end(i, row));
                double to = x.at(end(i + 1, row));
                frame.svg.open("rect", "x y width height fill", from, y + 4, to - from, ROW - 8, Palette.color(i));
                String name = categories.get(row) + (isStacked ? ", " + part.name() : "");
                frame.tooltip(List.of(String.format(Locale.ROOT, "%s: %.4g", name, part.values()[row])));
                frame.svg.close();
            }
        }

        private void labels(int row) {
            double y = frame.top + row * ROW + 16;
            frame.label(frame.left - 8, y, "end", Labels.cut(categories.get(row), Frame.FONT, MOST_LABEL));
            if (!isStacked) {
                double value = series.get(0).values()[row];
                frame.label(x.at(end(1, row)) + 6, y, "start", String.format(Locale.ROOT, "%.4g", value));
            }
        }
    }
}
