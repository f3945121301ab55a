package dev.switchlab.analysis;

import java.util.Locale;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.Column;

/** Pieces of HTML. */
final class Html {

    private Html() {}

    /** Text as HTML text or as an attribute's value. */
    static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.appendCodePoint(c);
            }
        });
        return out.toString();
    }

    /** A table that scrolls sideways by itself where the page is narrow. Missing values are shown as a dash. */
    static String table(Table table) {
        StringBuilder out = new StringBuilder("<div class=\"scroll\"><table><thead><tr>");
        for (Column<?> column : table.columns()) {
            out.append("<th>").append(escape(column.name())).append("</th>");
        }
        out.append("</tr></thead><tbody>\n");
        for (int row = 0; row < table.rowCount(); row++) {
            out.append("<tr>");
            for (Column<?> column : table.columns()) {
                Object value = column.isMissing(row) ? "–" : column.get(row);
                boolean isNumber = value instanceof Number;
                out.append(isNumber ? "<td class=\"n\">" : "<td>")
                        .append(escape(shown(value)))
                        .append("</td>");
            }
            out.append("</tr>\n");
        }
        return out.append("</tbody></table></div>\n").toString();
    }

    private static String shown(Object value) {
        return value instanceof Double number ? number(number) : value.toString();
    }

    /** Four digits after the point; none for large numbers. */
    static String number(double value) {
        return String.format(Locale.ROOT, Math.abs(value) >= 1000 ? "%,.0f" : "%.4f", value);
    }
}
