package dev.switchlab.page;

import com.google.common.io.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import tech.tablesaw.api.Table;

/**
 * One HTML page in the look of all pages: its style and figures are in the file, and its content security policy
 * forbids every request. It goes on working in a frame without an origin, as in MLflow's artifact viewer.
 */
public final class HtmlPage {

    private static final String TEMPLATE = "page.html";
    private static final String STYLE = "page.css";

    private final String title;
    private final boolean isFirstLine;
    private final StringBuilder style = new StringBuilder();
    private final Markup contents = new Markup();
    private final Markup body = new Markup();
    private final Map<String, String> pictures = new LinkedHashMap<>();
    private int headings;

    /** A page without content; {@code title} names it in the browser's tab and is its first line. */
    public HtmlPage(String title) {
        this(title, true);
    }

    private HtmlPage(String title, boolean isFirstLine) {
        this.title = title;
        this.isFirstLine = isFirstLine;
    }

    /** A page whose content brings its own first line; {@code title} names it in the browser's tab alone. */
    public static HtmlPage untitled(String title) {
        return new HtmlPage(title, false);
    }

    /** CSS that this page needs beside what all pages have. */
    public HtmlPage style(String css) {
        style.append(css).append('\n');
        return this;
    }

    /** A section's heading, which the table of contents leads to. */
    public HtmlPage heading(String text) {
        String id = "section-" + ++headings;
        contents.element("a", text, "href", "#" + id).text("\n");
        body.element("h2", text, "id", id).text("\n");
        return this;
    }

    /** A heading inside a section. */
    public HtmlPage subheading(String text) {
        body.element("h3", text).text("\n");
        return this;
    }

    /** A paragraph. */
    public HtmlPage text(String text) {
        body.element("p", text).text("\n");
        return this;
    }

    /** A paragraph marked as a warning. */
    public HtmlPage warning(String text) {
        body.open("p").element("b", "Warning:").text(" " + text).close().text("\n");
        return this;
    }

    /** Text with its line breaks kept. */
    public HtmlPage verbatim(String text) {
        body.element("pre", text).text("\n");
        return this;
    }

    /** A table that scrolls sideways by itself where the page is narrow. */
    public HtmlPage table(TextTable<?> table) {
        return raw(table.html());
    }

    /** A Tablesaw table; missing values are shown as a dash. */
    public HtmlPage table(Table table) {
        return table(TextTable.of(table, HtmlPage::number, "–"));
    }

    /** Names and values, whose values break anywhere where the page is narrow. */
    public HtmlPage pairs(Map<String, String> entries) {
        body.open("table", "class", "pairs").open("tbody").text("\n");
        entries.forEach((name, value) -> body.open("tr")
                .open("th", "scope", "row")
                .raw(breakable(name))
                .close()
                .element("td", value)
                .close()
                .text("\n"));
        body.close().close().text("\n");
        return this;
    }

    /**
     * Content under a line that folds and unfolds it; printed, it is unfolded.
     *
     * @param content adds it to this page
     */
    public HtmlPage folded(String summary, boolean isOpen, Runnable content) {
        body.raw(isOpen ? "<details open>" : "<details>").element("summary", summary);
        content.run();
        return raw("</details>\n");
    }

    /**
     * A drawing and its caption.
     *
     * @param slug its name in links and of its picture's file: lower-case words with hyphens, once per page
     * @param caption what it shows and how to read it
     */
    public HtmlPage figure(String slug, Drawing drawing, String caption) {
        String svg = drawing.svg();
        if (pictures.put(slug, svg) != null) {
            throw new IllegalArgumentException("two figures of a page are called '" + slug + "'");
        }
        String title = "Figure " + pictures.size() + ". " + drawing.title() + ".";
        body.open("figure", "id", slug).open("div", "class", "scroll").raw(svg).close();
        body.open("figcaption").element("b", title).text(" " + caption).close();
        body.close().text("\n");
        return this;
    }

    /** The figures so far as SVG drawings that stand alone, by slug, in the page's order. */
    public Map<String, String> pictures() {
        return Collections.unmodifiableMap(pictures);
    }

    /** HTML as it is. */
    public HtmlPage raw(String html) {
        body.raw(html);
        return this;
    }

    /** The whole page. */
    public String render() {
        Markup all = new Markup();
        if (isFirstLine) {
            all.element("h1", title).text("\n");
        }
        if (headings > 0) {
            all.open("nav", "aria-label", "Contents").text("\n").raw(contents.toString());
            all.close().text("\n");
        }
        // The body last: what stands in it is never taken for a placeholder of the template.
        return resource(TEMPLATE)
                .replace("@TITLE@", new Markup().text(title).toString())
                .replace("@STYLE@", resource(STYLE) + style)
                .replace("@BODY@", all.raw(body.toString()).toString());
    }

    /** A number with four digits after the point; none for large numbers. */
    public static String number(double value) {
        return String.format(Locale.ROOT, Math.abs(value) >= 1000 ? "%,.0f" : "%.4f", value);
    }

    /** A name as HTML that may break after the characters that stand for a blank in names of metrics and parameters. */
    static String breakable(String name) {
        return new Markup().text(name).toString().replaceAll("[_/.]", "$0<wbr>");
    }

    private static String resource(String name) {
        try {
            return Resources.toString(Resources.getResource(HtmlPage.class, name), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
