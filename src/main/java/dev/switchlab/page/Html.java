package dev.switchlab.page;

import com.google.common.html.HtmlEscapers;
import java.util.Locale;
import java.util.Map;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.Column;

/** Pieces of HTML. */
public final class Html {

    /** Text beyond so many characters may break into lines. */
    private static final int LONG = 24;

    private Html() {}

    /** Text as HTML text or as an attribute's value. */
    public static String escape(String text) {
        return HtmlEscapers.htmlEscaper().escape(text);
    }

    /** A table that scrolls sideways by itself where the page is narrow. Missing values are shown as a dash. */
    public static String table(Table table) {
        StringBuilder out = new StringBuilder("<div class=\"scroll\"><table><thead><tr>");
        for (Column<?> column : table.columns()) {
            boolean isNumber = column instanceof NumericColumn<?>;
            out.append(isNumber ? "<th class=\"n\">" : "<th>")
                    .append(breakable(column.name()))
                    .append("</th>");
        }
        out.append("</tr></thead><tbody>\n");
        for (int row = 0; row < table.rowCount(); row++) {
            out.append("<tr>");
            for (Column<?> column : table.columns()) {
                Object value = column.isMissing(row) ? "–" : column.get(row);
                boolean isNumber = value instanceof Number;
                String text = shown(value);
                out.append(isNumber ? "<td class=\"n\">" : text.length() > LONG ? "<td class=\"long\">" : "<td>")
                        .append(escape(text))
                        .append("</td>");
            }
            out.append("</tr>\n");
        }
        return out.append("</tbody></table></div>\n").toString();
    }

    /** A table of names and values, whose values break anywhere where the page is narrow. */
    public static String pairs(Map<String, String> entries) {
        StringBuilder out = new StringBuilder("<table class=\"pairs\"><tbody>\n");
        entries.forEach((name, value) -> out.append("<tr><th scope=\"row\">")
                .append(breakable(name))
                .append("</th><td>")
                .append(escape(value))
                .append("</td></tr>\n"));
        return out.append("</tbody></table>\n").toString();
    }

    /** {@code html} under a line that folds it up and unfolds it; on paper it is unfolded. */
    public static String folded(String summary, boolean open, String html) {
        return "<details" + (open ? " open" : "") + "><summary>" + escape(summary) + "</summary>" + html
                + "</details>\n";
    }

    /** A name that may break after what stands in metrics' and parameters' names for a space. */
    private static String breakable(String name) {
        return escape(name).replaceAll("[_/.]", "$0<wbr>");
    }

    private static String shown(Object value) {
        return value instanceof Double number ? number(number) : value.toString();
    }

    /** Four digits after the point; none for large numbers. */
    public static String number(double value) {
        return String.format(Locale.ROOT, Math.abs(value) >= 1000 ? "%,.0f" : "%.4f", value);
    }
}
