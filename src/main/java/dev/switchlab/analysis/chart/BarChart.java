package dev.switchlab.analysis.chart;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Horizontal bars from zero, so that names of any length stand beside them; several series lie end to end. Values that
 * are NaN, infinite or negative have no bar.
 *
 * @param title names the chart where it stands alone
 * @param valueTitle what the bars' length is, with its unit
 * @param categories one per row, from above
 * @param series at least one, in the order of the legend
 */
public record BarChart(String title, String valueTitle, List<String> categories, List<Series> series) implements Chart {

    /** Checks that every category has its values. */
    public BarChart {
        categories = List.copyOf(categories);
        series = List.copyOf(series);
        if (series.isEmpty()) {
            throw new IllegalArgumentException("chart '" + title + "' has no bars");
        }
        for (Series own : series) {
            if (own.values.length != categories.size()) {
                throw new IllegalArgumentException("bars '" + own.name + "' have " + own.values.length + " values for "
                        + categories.size() + " categories");
            }
        }
    }

    /**
     * The bars of one colour.
     *
     * @param name what the legend calls them
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
        return new BarDrawing(this).svg();
    }
}
