package dev.switchlab.lab;

import dev.switchlab.analysis.chart.BarChart;
import dev.switchlab.analysis.chart.Chart;
import dev.switchlab.analysis.chart.LineChart;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.Table;

/** One column of a table by another: as text for a terminal, as SVG for a page. */
public final class Plot {

    private static final int MOST_BARS = 60;
    /** Numbers that are names, with no distance between them. */
    private static final Set<String> NAMING = Set.of("layer", "expert", "next_expert", "other", "head", "seed");

    private final Chart chart;

    private Plot(Chart chart) {
        this.chart = chart;
    }

    /**
     * Bars where {@code x} names things: text, or the numbers of layers, experts, heads and seeds; a line where it
     * measures, as steps and probabilities do.
     *
     * @param y a column of numbers; NaN and missing ones are gaps of a line
     * @throws LabException if a column is missing or of the wrong kind, or there are too many bars or negative ones
     */
    static Plot of(Table table, String x, String y) {
        for (String column : List.of(x, y)) {
            if (!table.containsColumn(column)) {
                throw new LabException(
                        "the table has no column '" + column + "', allowed: " + String.join(", ", table.columnNames()));
            }
        }
        if (!(table.column(y) instanceof NumericColumn<?> numbers)) {
            throw new LabException("column '" + y + "' holds "
                    + table.column(y).type().name().toLowerCase(Locale.ROOT) + ", not numbers");
        }
        boolean isMeasure = table.column(x) instanceof NumericColumn<?> && !NAMING.contains(x.toLowerCase(Locale.ROOT));
        return new Plot(isMeasure ? line(table.numberColumn(x), numbers) : bars(table, x, numbers));
    }

    private static Chart line(NumericColumn<?> x, NumericColumn<?> y) {
        int[] rows = IntStream.range(0, x.size())
                .filter(row -> Double.isFinite(x.getDouble(row)))
                .boxed()
                .sorted((a, b) -> Double.compare(x.getDouble(a), x.getDouble(b)))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] xs = IntStream.of(rows).mapToDouble(x::getDouble).toArray();
        double[] ys = IntStream.of(rows)
                .mapToDouble(row -> y.isMissing(row) ? Double.NaN : y.getDouble(row))
                .toArray();
        return new LineChart(
                y.name() + " by " + x.name(), x.name(), y.name(), List.of(new LineChart.Line(y.name(), xs, ys)));
    }

    private static Chart bars(Table table, String x, NumericColumn<?> y) {
        if (table.rowCount() > MOST_BARS) {
            throw new LabException("the table has " + table.rowCount() + " rows, at most " + MOST_BARS
                    + " bars; take some with .first(" + MOST_BARS + ")");
        }
        double[] values =
                IntStream.range(0, table.rowCount()).mapToDouble(y::getDouble).toArray();
        for (int row = 0; row < values.length; row++) {
            if (!(values[row] >= 0) || Double.isInfinite(values[row])) {
                throw new LabException("row " + row + " of column '" + y.name() + "' is " + values[row]
                        + "; bars are for numbers from 0");
            }
        }
        List<String> labels = table.column(x).asStringColumn().asList();
        return new BarChart(y.name(), y.name(), labels, List.of(new BarChart.Series(y.name(), values)));
    }

    @Override
    public String toString() {
        return TextRenderer.of(chart);
    }

    /** A drawing that needs nothing else; every bar says its value on hover. */
    public String svg() {
        return chart.svg();
    }
}
