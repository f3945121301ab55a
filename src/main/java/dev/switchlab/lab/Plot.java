package dev.switchlab.lab;

import dev.switchlab.analysis.chart.BarChart;
import dev.switchlab.analysis.chart.Chart;
import dev.switchlab.analysis.chart.LineChart;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.Table;

/** A chart of one column of a table by another: as text for a terminal, as SVG for a page. */
public final class Plot {

    private static final int MOST_BARS = 60;
    /** Characters of the longest bar. */
    private static final int BAR = 50;
    /** Columns of numbers that are names. */
    private static final Set<String> NAMING = Set.of("layer", "expert", "next_expert", "other", "head", "seed");

    private final Chart chart;
    private final String text;

    private Plot(Chart chart, String text) {
        this.chart = chart;
        this.text = text;
    }

    /**
     * Bars if {@code x} names things: text, or the numbers of layers, experts, heads and seeds; a line if {@code x} is
     * a measure, such as steps or probabilities.
     *
     * @param y a column of numbers; NaN and missing values are gaps of a line
     * @throws LabException for a column that is missing or of the wrong kind, too many bars, or negative ones
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
        return isMeasure ? line(table.numberColumn(x), numbers) : bars(table, x, numbers);
    }

    private static Plot line(NumericColumn<?> x, NumericColumn<?> y) {
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
        LineChart.Line line = new LineChart.Line(y.name(), xs, ys);
        String title = y.name() + " by " + x.name();
        return new Plot(new LineChart(title, x.name(), y.name(), List.of(line)), "\n" + title + BrailleLine.of(line));
    }

    private static Plot bars(Table table, String x, NumericColumn<?> y) {
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
        return new Plot(
                new BarChart(y.name(), y.name(), labels, List.of(new BarChart.Series(y.name(), values))),
                "\n" + y.name() + bars(labels, values));
    }

    private static String bars(List<String> labels, double[] values) {
        int width = labels.stream().mapToInt(String::length).max().orElse(0);
        double largest = Math.max(DoubleStream.of(values).max().orElse(0), Double.MIN_NORMAL);
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < values.length; row++) {
            String label = labels.get(row);
            text.append('\n')
                    .append(" ".repeat(width - label.length()))
                    .append(label)
                    .append("  ")
                    .append("█".repeat((int) Math.round(BAR * values[row] / largest)))
                    .append(String.format(Locale.ROOT, " %.4g", values[row]));
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return text;
    }

    /** A self-contained drawing; bars show their values on hover. */
    public String svg() {
        return chart.svg();
    }
}
