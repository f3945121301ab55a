package dev.switchlab.notebook;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import tech.tablesaw.api.ColumnType;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.Column;

/**
 * A Tablesaw table that prints itself as a table.
 *
 * @param data the Tablesaw table, for everything that Tablesaw can do
 */
public record LabTable(Table data) {

    private static final int MOST_ROWS = 40;

    /** The first {@code rows} rows. */
    public LabTable first(int rows) {
        return Guard.call(() -> new LabTable(data.first(rows)));
    }

    /** Some columns only. */
    public LabTable select(String... columns) {
        return Guard.call(() -> new LabTable(data.selectColumns(known(columns))));
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

    private String[] known(String... columns) {
        for (String column : columns) {
            if (!data.containsColumn(column)) {
                throw new IllegalArgumentException(
                        "the table has no column '" + column + "', allowed: " + String.join(", ", data.columnNames()));
            }
        }
        return columns;
    }

    /** Rows of padded text, the header first; long tables are cut and say so. */
    @Override
    public String toString() {
        List<List<String>> rows = rows();
        int[] widths = new int[data.columnCount()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String padding = " ".repeat(widths[i] - row.get(i).length());
                line.append(i == 0 ? "" : "  ").append(isNumber(i) ? padding + row.get(i) : row.get(i) + padding);
            }
            text.append('\n').append(line.toString().stripTrailing());
        }
        return text + cut();
    }

    /** As a GitHub-flavoured Markdown table. */
    String toMarkdown() {
        List<List<String>> rows = rows();
        List<String> lines = new ArrayList<>();
        rows.forEach(row -> lines.add(row.stream()
                .map(cell -> cell.replace("\\", "\\\\")
                        .replace("|", "\\|")
                        .replace("*", "\\*")
                        .replace("_", "\\_")
                        .replace("`", "\\`")
                        .replace("<", "&lt;"))
                .collect(Collectors.joining(" | ", "| ", " |"))));
        List<String> rule = new ArrayList<>();
        for (int i = 0; i < data.columnCount(); i++) {
            rule.add(isNumber(i) ? "---:" : "---");
        }
        lines.add(1, "| " + String.join(" | ", rule) + " |");
        return String.join("\n", lines) + (cut().isEmpty() ? "" : "\n" + cut());
    }

    private String cut() {
        return data.rowCount() > MOST_ROWS
                ? String.format(Locale.ROOT, "%n... %d rows in all; .first(n), .sort(...), .data()", data.rowCount())
                : "";
    }

    private boolean isNumber(int column) {
        return Set.of(ColumnType.DOUBLE, ColumnType.INTEGER, ColumnType.LONG)
                .contains(data.column(column).type());
    }

    private List<List<String>> rows() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(data.columnNames());
        for (int row = 0; row < Math.min(MOST_ROWS, data.rowCount()); row++) {
            List<String> cells = new ArrayList<>();
            for (Column<?> column : data.columns()) {
                cells.add(cell(column, row));
            }
            rows.add(cells);
        }
        return rows;
    }

    private static String cell(Column<?> column, int row) {
        if (column instanceof DoubleColumn numbers) {
            return numbers.isMissing(row) ? "" : number(numbers.getDouble(row));
        }
        return column.getString(row).replace("\n", "↵");
    }

    private static String number(double value) {
        double size = Math.abs(value);
        if (value == Math.rint(value) && size < 1e9) {
            return Long.toString((long) value);
        }
        return String.format(Locale.ROOT, size < 1e-3 || size >= 1e6 ? "%.3e" : "%.4f", value);
    }
}
