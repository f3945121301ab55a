package dev.switchlab.page;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.Table;

/**
 * A table for reading: a column is a name, an alignment and the text of its cell in each row. Rendered as aligned text,
 * as Markdown or as HTML.
 *
 * <pre>{@code
 * new TextTable<>(runs)
 *     .left("run", Run::shortId)
 *     .right("loss", run -> String.format("%.3f", loss(run)))
 *     .text()
 * }</pre>
 *
 * @param <R> what a row is about
 */
public final class TextTable<R> {

    private static final String GAP = "  ";
    /** HTML cells of more characters may break into lines. */
    private static final int LONG = 24;
    /** Of a column that breaks its cells into lines. */
    private static final int LEAST = 16;

    private final List<R> rows;
    private final List<Column> columns = new ArrayList<>();

    private record Column(String name, boolean isRight, boolean isMarkdown, List<String> cells) {

        int width() {
            return cells.stream()
                    .flatMap(String::lines)
                    .mapToInt(String::length)
                    .reduce(name.length(), Math::max);
        }

        String padded(String cell) {
            String padding = " ".repeat(width() - cell.length());
            return isRight ? padding + cell : cell + padding;
        }

        /** With cells in lines of {@code width} characters that end at blanks where there are any. */
        Column folded(int width) {
            String line = "(.{1," + width + "})(?: +|$)|(.{" + width + "})";
            return new Column(
                    name,
                    isRight,
                    isMarkdown,
                    cells.stream()
                            .map(cell -> cell.length() <= width
                                    ? cell
                                    : cell.replaceAll(line, "$1$2\n").strip())
                            .toList());
        }

        /** Line {@code index} of a cell; empty below its last. */
        String line(int row, int index) {
            return padded(cells.get(row).lines().skip(index).findFirst().orElse(""));
        }

        String markdown(String cell) {
            return isMarkdown ? cell.replace("|", "\\|") : escapeMarkdown(cell);
        }
    }

    /** A table without columns. */
    public TextTable(Collection<R> rows) {
        this.rows = List.copyOf(rows);
    }

    /** A Tablesaw table, for a terminal: numbers with as many digits as tell them apart, nothing for a missing one. */
    public static TextTable<Integer> of(Table data) {
        return of(data, TextTable::number, "");
    }

    /**
     * A Tablesaw table, its numbers to the right.
     *
     * @param number how a floating-point number is shown
     * @param missing what is shown for a missing value
     */
    public static TextTable<Integer> of(Table data, DoubleFunction<String> number, String missing) {
        TextTable<Integer> table =
                new TextTable<>(IntStream.range(0, data.rowCount()).boxed().toList());
        for (tech.tablesaw.columns.Column<?> column : data.columns()) {
            Function<Integer, String> cell = row -> column.isMissing(row)
                    ? missing
                    : column instanceof DoubleColumn numbers
                            ? number.apply(numbers.getDouble(row))
                            : column.getString(row).replace("\n", "↵");
            if (column instanceof NumericColumn<?>) {
                table.right(column.name(), cell);
            } else {
                table.left(column.name(), cell);
            }
        }
        return table;
    }

    /** Adds a column of words. */
    public TextTable<R> left(String name, Function<? super R, String> cell) {
        return add(name, false, false, cell);
    }

    /** Adds a column of numbers. */
    public TextTable<R> right(String name, Function<? super R, String> cell) {
        return add(name, true, false, cell);
    }

    /** Adds a column whose cells are Markdown already, such as {@code **best**}. */
    public TextTable<R> leftMarkdown(String name, Function<? super R, String> cell) {
        return add(name, false, true, cell);
    }

    private TextTable<R> add(String name, boolean isRight, boolean isMarkdown, Function<? super R, String> cell) {
        columns.add(new Column(
                name, isRight, isMarkdown, rows.stream().<String>map(cell).toList()));
        return this;
    }

    /** The number of columns. */
    public int columns() {
        return columns.size();
    }

    /**
     * This table in {@code width} characters: the widest column of words breaks its cells into lines; if that is not
     * enough, the last columns are left out, but for the first.
     */
    public TextTable<R> within(int width) {
        TextTable<R> fitting = new TextTable<>(rows);
        fitting.columns.addAll(columns);
        int excess = width() - width;
        columns.stream()
                .filter(column -> !column.isRight)
                .max(Comparator.comparingInt(Column::width))
                .filter(widest -> excess > 0 && widest.width() - excess >= LEAST)
                .ifPresent(
                        widest -> fitting.columns.set(columns.indexOf(widest), widest.folded(widest.width() - excess)));
        while (fitting.width() > width && fitting.columns() > 1) {
            fitting.columns.remove(fitting.columns() - 1);
        }
        return fitting;
    }

    /** Characters of a line. */
    public int width() {
        return columns.stream().mapToInt(Column::width).sum() + GAP.length() * (columns.size() - 1);
    }

    /** Lines for a terminal, the header first, without blanks at their end. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(line(column -> column.padded(column.name)));
        for (int i = 0; i < rows.size(); i++) {
            int row = i;
            long height = columns.stream()
                    .mapToLong(column -> column.cells.get(row).lines().count())
                    .reduce(1, Math::max);
            for (int j = 0; j < height; j++) {
                int index = j;
                lines.add(line(column -> column.line(row, index)));
            }
        }
        return lines;
    }

    private String line(Function<Column, String> cell) {
        return columns.stream().map(cell).collect(Collectors.joining(GAP)).stripTrailing();
    }

    /** {@link #lines} with line breaks between them. */
    public String text() {
        return String.join("\n", lines());
    }

    /** A GitHub-flavoured Markdown table, without a line break at its end. */
    public String markdown() {
        List<String> lines = new ArrayList<>();
        lines.add(markdown(column -> escapeMarkdown(column.name)));
        lines.add(markdown(column -> column.isRight ? "---:" : "---"));
        for (int i = 0; i < rows.size(); i++) {
            int row = i;
            lines.add(markdown(column -> column.markdown(column.cells.get(row))));
        }
        return String.join("\n", lines);
    }

    private String markdown(Function<Column, String> cell) {
        return columns.stream().map(cell).collect(Collectors.joining(" | ", "| ", " |"));
    }

    private static String escapeMarkdown(String text) {
        return text.replaceAll("[\\\\|*_`]", "\\\\$0").replace("<", "&lt;");
    }

    /** An HTML table that scrolls sideways by itself where the page is narrow. */
    public String html() {
        Markup html = new Markup().open("div", "class", "scroll").open("table");
        html.open("thead").open("tr");
        for (Column column : columns) {
            html.raw(column.isRight ? "<th class=\"n\">" : "<th>")
                    .raw(HtmlPage.breakable(column.name))
                    .raw("</th>");
        }
        html.close().close().open("tbody").raw("\n");
        for (int row = 0; row < rows.size(); row++) {
            html.open("tr");
            for (Column column : columns) {
                String cell = column.cells.get(row);
                if (column.isRight) {
                    html.element("td", cell, "class", "n");
                } else if (cell.length() > LONG) {
                    html.element("td", cell, "class", "long");
                } else {
                    html.element("td", cell);
                }
            }
            html.close().raw("\n");
        }
        return html.close().close().close().raw("\n").toString();
    }

    /** Whole numbers as such; four digits after the point for others of middling size. */
    private static String number(double value) {
        double size = Math.abs(value);
        if (value == Math.rint(value) && size < 1e9) {
            return Long.toString((long) value);
        }
        String format = size < 1e-3 || size >= 1e6 ? "%.3e" : size >= 1e3 ? "%.1f" : "%.4f";
        return String.format(Locale.ROOT, format, value);
    }
}
