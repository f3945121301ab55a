package dev.switchlab.page;

import com.google.common.html.HtmlEscapers;
import java.util.Locale;
import java.util.Map;
import tech.tablesaw.api.Table;

/** Pieces of HTML. */
public final class Html {

    private Html() {}

    /** Text as HTML text or as an attribute's value. */
    public static String escape(String text) {
        return HtmlEscapers.htmlEscaper().escape(text);
    }

    /** A table that scrolls sideways by itself where the page is narrow. Missing values are shown as a dash. */
    public static String table(Table table) {
        return TextTable.of(table, Html::number, "–").html();
    }

    /** A table of names and values, whose values break anywhere where the page is narrow. */
    public static String pairs(Map<String, String> entries) {
        StringBuilder out = new StringBuilder("<table class=\"pairs\"><tbody>\n");
        entries.forEach((name, value) -> out.append("<tr><th scope=\"row\">")
                .append(HtmlPage.breakable(name))
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

    /** Four digits after the point; none for large numbers. */
    public static String number(double value) {
        return String.format(Locale.ROOT, Math.abs(value) >= 1000 ? "%,.0f" : "%.4f", value);
    }
}
