package dev.switchlab.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

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
    private final StringBuilder contents = new StringBuilder();
    private final StringBuilder body = new StringBuilder();
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
        contents.append("<a href=\"#")
                .append(id)
                .append("\">")
                .append(Html.escape(text))
                .append("</a>\n");
        return raw("<h2 id=\"" + id + "\">" + Html.escape(text) + "</h2>\n");
    }

    /** A paragraph. */
    public HtmlPage text(String text) {
        return raw("<p>" + Html.escape(text) + "</p>\n");
    }

    /** Text with its line breaks kept. */
    public HtmlPage verbatim(String text) {
        return raw("<pre>" + Html.escape(text) + "</pre>\n");
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
        return raw("<figure id=\"" + slug + "\"><div class=\"scroll\">" + svg + "</div><figcaption><b>Figure "
                + pictures.size() + ". " + Html.escape(drawing.title()) + ".</b> " + Html.escape(caption)
                + "</figcaption></figure>\n");
    }

    /** The figures so far as SVG drawings that stand alone, by slug, in the page's order. */
    public Map<String, String> pictures() {
        return Collections.unmodifiableMap(pictures);
    }

    /** HTML as it is. */
    public HtmlPage raw(String html) {
        body.append(html);
        return this;
    }

    /** The whole page. */
    public String render() {
        String first = isFirstLine ? "<h1>" + Html.escape(title) + "</h1>\n" : "";
        String nav = contents.isEmpty() ? "" : "<nav aria-label=\"Contents\">\n" + contents + "</nav>\n";
        // The body last: what stands in it is never taken for a placeholder of the template.
        return resource(TEMPLATE)
                .replace("@TITLE@", Html.escape(title))
                .replace("@STYLE@", resource(STYLE) + style)
                .replace("@BODY@", first + nav + body);
    }

    /** A name as HTML that may break after the characters that stand for a blank in names of metrics and parameters. */
    static String breakable(String name) {
        return Html.escape(name).replaceAll("[_/.]", "$0<wbr>");
    }

    private static String resource(String name) {
        try (InputStream in = HtmlPage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException(
                        "the class path lacks dev/switchlab/page/" + name + "; build again with: make clean build");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
