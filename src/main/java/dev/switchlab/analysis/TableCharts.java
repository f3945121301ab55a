package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.HeatMap;
import dev.switchlab.analysis.chart.LineChart;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;
import tech.tablesaw.api.Row;
import tech.tablesaw.api.Table;

/** Charts of tables in long form, one value per row. */
final class TableCharts {

    /** The title of an axis of {@link #expert}. */
    static final String EXPERT_AXIS = "layer·expert";

    private TableCharts() {}

    /**
     * Values by the table's column {@code step}.
     *
     * @param line which line a row belongs to
     */
    static LineChart bySteps(String title, String unit, Table table, Function<Row, String> line, String value) {
        Map<String, NavigableMap<Long, Double>> points = new LinkedHashMap<>();
        for (Row row : table) {
            points.computeIfAbsent(line.apply(row), name -> new TreeMap<>())
                    .put(row.getLong("step"), row.getDouble(value));
        }
        List<LineChart.Line> lines = new ArrayList<>();
        points.forEach((name, values) -> lines.add(new LineChart.Line(
                name,
                values.keySet().stream().mapToDouble(Long::doubleValue).toArray(),
                values.values().stream().mapToDouble(Double::doubleValue).toArray())));
        return new LineChart(title, "step", unit, lines);
    }

    /** Which line a row belongs to, if there is one for each layer. */
    static String layer(Row row) {
        return "layer " + row.getInt("layer");
    }

    /** The expert of a row, short enough for an axis. */
    static String expert(Row row) {
        return row.getInt("layer") + "·" + row.getInt("expert");
    }

    /**
     * A cell per row; columns and rows of the heat map in order of appearance.
     *
     * @param x which column a row of the table belongs to
     * @param y which row
     */
    static HeatMap heatMap(
            String title,
            String xTitle,
            String yTitle,
            String unit,
            Table table,
            Function<Row, String> x,
            Function<Row, String> y,
            String value) {
        Map<String, Integer> columns = new LinkedHashMap<>();
        Map<String, Integer> rows = new LinkedHashMap<>();
        for (Row row : table) {
            columns.putIfAbsent(x.apply(row), columns.size());
            rows.putIfAbsent(y.apply(row), rows.size());
        }
        double[][] cells = new double[rows.size()][columns.size()];
        for (double[] row : cells) {
            Arrays.fill(row, Double.NaN);
        }
        for (Row row : table) {
            cells[rows.get(y.apply(row))][columns.get(x.apply(row))] = row.getDouble(value);
        }
        return new HeatMap(
                title, xTitle, yTitle, unit, List.copyOf(columns.keySet()), List.copyOf(rows.keySet()), cells);
    }
}
