package dev.switchlab.notebook;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.Table;

/** Horizontal bars, as text for a terminal and as SVG for a page. */
public final class BarChart {

    private static final int WIDTH = 50;
    private static final int ROW_HEIGHT = 22;
    private static final int LABEL_WIDTH = 160;
    private static final int BAR_WIDTH = 420;
    private static final int MOST_BARS = 60;

    private final String name;
    private final List<Bar> bars;

    private BarChart(String name, List<Bar> bars) {
        this.name = name;
        this.bars = bars;
    }

    private record Bar(String label, double value) {}

    static BarChart of(Table table, String label, String value) {
        for (String column : List.of(label, value)) {
            if (!table.containsColumn(column)) {
                throw new LabException(
                        "the table has no column '" + column + "', allowed: " + String.join(", ", table.columnNames()));
            }
        }
        if (!(table.column(value) instanceof NumericColumn<?> numbers)) {
            throw new LabException("column '" + value + "' holds "
                    + table.column(value).type().name().toLowerCase(Locale.ROOT) + ", not numbers");
        }
        if (table.rowCount() > MOST_BARS) {
            throw new LabException("the table has " + table.rowCount() + " rows, at most " + MOST_BARS
                    + " bars; take some with .first(" + MOST_BARS + ")");
        }
        List<Bar> bars = new ArrayList<>();
        for (int row = 0; row < table.rowCount(); row++) {
            double number = numbers.getDouble(row);
            if (!(number >= 0) || Double.isInfinite(number)) {
                throw new LabException(
                        "row " + row + " of column '" + value + "' is " + number + "; bars are for numbers from 0");
            }
            bars.add(new Bar(table.column(label).getString(row), number));
        }
        return new BarChart(value, bars);
    }

    private double largest() {
        double largest = bars.stream().mapToDouble(Bar::value).max().orElse(0);
        return largest == 0 ? 1 : largest;
    }

    @Override
    public String toString() {
        int width = bars.stream().mapToInt(bar -> bar.label.length()).max().orElse(0);
        StringBuilder text = new StringBuilder("\n" + name);
        for (Bar bar : bars) {
            text.append('\n')
                    .append(" ".repeat(width - bar.label.length()))
                    .append(bar.label)
                    .append("  ")
                    .append("█".repeat((int) Math.round(WIDTH * bar.value / largest())))
                    .append(' ')
                    .append(String.format(Locale.ROOT, "%.4g", bar.value));
        }
        return text.toString();
    }

    /** A drawing that needs nothing else; every bar says its value on hover. */
    public String svg() {
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %d %d\""
                        + " font-family=\"sans-serif\" font-size=\"13\">",
                escape(name),
                LABEL_WIDTH + BAR_WIDTH + 80,
                (bars.size() + 1) * ROW_HEIGHT));
        svg.append(String.format(
                Locale.ROOT, "<text x=\"%d\" y=\"15\" font-weight=\"bold\">%s</text>", LABEL_WIDTH, escape(name)));
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            int y = (i + 1) * ROW_HEIGHT;
            double length = BAR_WIDTH * bar.value / largest();
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text><rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\""
                            + " fill=\"#0072B2\"><title>%s</title></rect><text x=\"%.1f\" y=\"%d\">%.4g</text>",
                    LABEL_WIDTH - 8,
                    y + 15,
                    escape(bar.label),
                    LABEL_WIDTH,
                    y + 3,
                    length,
                    ROW_HEIGHT - 6,
                    escape(bar.label + ": " + bar.value),
                    LABEL_WIDTH + length + 6,
                    y + 15,
                    bar.value));
        }
        return svg.append("</svg>").toString();
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace("\"", "&quot;")
                .replace("\n", "↵");
    }
}
