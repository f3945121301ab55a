package dev.switchlab.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tech.tablesaw.api.ColumnType;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.Column;

/**
 * A Tablesaw table as padded text: the header first, numbers to the right, two blanks between columns. Tablesaw's own
 * form is wider, and has as many digits as a number happens to have.
 */
public final class TextTable {

    private static final String GAP = "  ";

    private final Table data;
    private final int rows;

    /**
     * @param data the table
     * @param mostRows rows that are shown at most
     */
    public TextTable(Table data, int mostRows) {
        this.data = data;
        this.rows = Math.min(mostRows, data.rowCount());
    }

    /** All rows and columns. */
    public static String of(Table data) {
        return new TextTable(data, data.rowCount()).text(Integer.MAX_VALUE);
    }

    /** Lines without blanks at their end, each begun by a line break. */
    public String text(int mostWidth) {
        List<List<String>> cells = cells();
        int[] widths = widths(cells, mostWidth);
        StringBuilder text = new StringBuilder();
        for (List<String> row : cells) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String padding = " ".repeat(widths[i] - row.get(i).length());
                line.append(i == 0 ? "" : GAP).append(isNumber(i) ? padding + row.get(i) : row.get(i) + padding);
            }
            text.append('\n').append(line.toString().stripTrailing());
        }
        return text.toString();
    }

    /** The columns that fit beside each other; the first always does. */
    public int columnsWithin(int mostWidth) {
        return widths(cells(), mostWidth).length;
    }

    private int[] widths(List<List<String>> cells, int mostWidth) {
        List<Integer> widths = new ArrayList<>();
        int used = 0;
        for (int i = 0; i < data.columnCount(); i++) {
            int width = 0;
            for (List<String> row : cells) {
                width = Math.max(width, row.get(i).length());
            }
            used += width + GAP.length();
            if (i > 0 && used > mostWidth) {
                break;
            }
            widths.add(width);
        }
        return widths.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Whether a column holds numbers. */
    public boolean isNumber(int column) {
        return Set.of(ColumnType.DOUBLE, ColumnType.INTEGER, ColumnType.LONG)
                .contains(data.column(column).type());
    }

    /** Cells as text, the header first; nothing for a missing number. */
    public List<List<String>> cells() {
        List<List<String>> cells = new ArrayList<>();
        cells.add(data.columnNames());
        for (int row = 0; row < rows; row++) {
            List<String> line = new ArrayList<>();
            for (Column<?> column : data.columns()) {
                line.add(cell(column, row));
            }
            cells.add(line);
        }
        return cells;
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
        String format = size < 1e-3 || size >= 1e6 ? "%.3e" : size >= 1e3 ? "%.1f" : "%.4f";
        return String.format(Locale.ROOT, format, value);
    }
}
