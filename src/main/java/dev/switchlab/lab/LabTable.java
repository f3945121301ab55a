package dev.switchlab.lab;

import dev.switchlab.page.TextTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.selection.Selection;

/**
 * A Tablesaw table that prints itself as a table.
 *
 * @param data the Tablesaw table, for everything that Tablesaw can do
 */
public record LabTable(Table data) {

    private static final int MOST_ROWS = 40;
    private static final int MOST_WIDTH = 120;

    /** The first {@code rows} rows. */
    public LabTable first(int rows) {
        return Guard.call(() -> new LabTable(data.first(rows)));
    }

    /** Some columns only. */
    public LabTable select(String... columns) {
        return Guard.call(() -> new LabTable(data.selectColumns(known(columns))));
    }

    /** The rows whose cell in {@code column} is {@code value}, such as {@code where("layer", 0)}. */
    public LabTable where(String column, Object value) {
        return Guard.call(() -> {
            known(column);
            String wanted = String.valueOf(value);
            return new LabTable(data.where(data.column(column).asStringColumn().isEqualTo(wanted)));
        });
    }

    /** All rows in the order of {@code columns}, largest first where a name begins with {@code -}. */
    public LabTable sort(String... columns) {
        return Guard.call(() -> {
            for (String column : columns) {
                known(column.startsWith("-") ? column.substring(1) : column);
            }
            return new LabTable(data.sortOn(columns));
        });
    }

    /**
     * Spreads a long table: the numbers of column {@code value} go into one column for each value of {@code key}; the
     * other columns say which row. {@code specialization.wide("expert", "share")} has columns {@code expert 0},
     * {@code expert 1} and so on.
     */
    public LabTable wide(String key, String value) {
        return Guard.call(() -> {
            known(key, value);
            if (!(data.column(value) instanceof NumericColumn<?> numbers)) {
                throw new IllegalArgumentException("column '" + value + "' holds no numbers");
            }
            List<String> rest = data.columnNames().stream()
                    .filter(name -> !name.equals(key) && !name.equals(value))
                    .toList();
            Map<List<Object>, Integer> rows = new LinkedHashMap<>();
            Map<String, Map<Integer, Double>> columns = new LinkedHashMap<>();
            Selection first = Selection.with();
            for (int i = 0; i < data.rowCount(); i++) {
                List<Object> row = new ArrayList<>();
                for (String name : rest) {
                    row.add(data.column(name).get(i));
                }
                if (!rows.containsKey(row)) {
                    rows.put(row, rows.size());
                    first.add(i);
                }
                String cell = data.column(key).getString(i);
                columns.computeIfAbsent(
                                data.column(key) instanceof NumericColumn<?> ? key + " " + cell : cell,
                                k -> new HashMap<>())
                        .put(rows.get(row), numbers.getDouble(i));
            }
            Table wide = data.selectColumns(rest.toArray(String[]::new)).where(first);
            columns.forEach((name, cells) -> {
                DoubleColumn column = DoubleColumn.create(name, rows.size());
                cells.forEach((row, number) -> column.set((int) row, (double) number));
                wide.addColumns(column);
            });
            return new LabTable(wide);
        });
    }

    private String[] known(String... columns) {
        for (String column : columns) {
            if (!data.containsColumn(column)) {
                throw new IllegalArgumentException(
                        "the table has no column '" + column + "', allowed: " + String.join(", ", data.columnNames()));
            }
        }
        return columns;
    }

    /** Rows of padded text, the header first; long and wide tables are cut and say so. */
    @Override
    public String toString() {
        TextTable<Integer> whole = text();
        TextTable<Integer> shown = whole.within(MOST_WIDTH);
        int hidden = whole.columns() - shown.columns();
        return "\n" + shown.text()
                + (hidden == 0 ? "" : String.format("%n... %d more columns; .select(...), .data()", hidden))
                + cut();
    }

    private TextTable<Integer> text() {
        return TextTable.of(data.first(MOST_ROWS));
    }

    /** As a GitHub-flavoured Markdown table. */
    public String toMarkdown() {
        return text().markdown() + (cut().isEmpty() ? "" : "\n" + cut());
    }

    private String cut() {
        return data.rowCount() > MOST_ROWS
                ? String.format(Locale.ROOT, "%n... %d rows in all; .first(n), .sort(...), .data()", data.rowCount())
                : "";
    }
}
