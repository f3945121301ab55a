package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.Chart;
import dev.switchlab.analysis.chart.PlotlyFigures;
import dev.switchlab.analysis.chart.Svg;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One self-contained HTML page: style, figures and Plotly itself are in the file, and its content security policy forbids every request.
 */
final class HtmlPage {

    /** Plotly with the plain chart types; a third of the whole. */
    private static final String PLOTLY = "META-INF/resources/webjars/plotly.js/1.54.1/dist/plotly-cartesian.min.js";

    private final String title;
    private final StringBuilder body = new StringBuilder();
    private final StringBuilder contents = new StringBuilder();
    private int headings;
    private final Map<String, String> pictures = new LinkedHashMap<>();

    HtmlPage(String title) {
        this.title = title;
    }

    /** A section's heading, which the table of contents leads to. */
    HtmlPage heading(String text) {
        String id = "section-" + ++headings;
        contents.append("<a href=\"#")
                .append(id)
                .append("\">")
                .append(Html.escape(text))
                .append("</a>\n");
        return raw("<h2 id=\"" + id + "\">" + Html.escape(text) + "</h2>\n");
    }

    /** A paragraph. */
    HtmlPage text(String text) {
        return raw("<p>" + Html.escape(text) + "</p>\n");
    }

    /** Text with its line breaks kept. */
    HtmlPage verbatim(String text) {
        return raw("<pre>" + Html.escape(text) + "</pre>\n");
    }

    /**
     * A chart with what it shows and how to read it. Where scripts run, it answers to the pointer; on paper and without scripts it is a
     * drawing.
     *
     * @param slug its name in links and of its picture's file: lower-case words with hyphens, once a page
     */
    HtmlPage figure(String slug, Chart chart, String caption) {
        String svg = Svg.of(chart);
        if (pictures.put(slug, svg) != null) {
            throw new IllegalArgumentException("two figures of a page are called '" + slug + "'");
        }
        String plot = "plot_" + slug.replace('-', '_'); // becomes part of a JavaScript name
        return raw("<figure id=\"" + slug + "\"><div class=\"still\">" + svg + "</div><div id=\"" + plot
                + "\" class=\"plot\"></div>"
                + PlotlyFigures.of(chart).asJavascript(plot) + "<figcaption><b>Figure " + pictures.size() + ". "
                + Html.escape(chart.title()) + ".</b> " + Html.escape(caption)
                + "</figcaption></figure>\n");
    }

    /** The figures so far as SVG drawings that stand alone, by slug, in the page's order. */
    Map<String, String> pictures() {
        return Collections.unmodifiableMap(pictures);
    }

    /** HTML as it is. */
    HtmlPage raw(String html) {
        body.append(html);
        return this;
    }

    /** The whole page. */
    String render() throws IOException {
        String html = resource("dev/switchlab/analysis/report.html");
        return html.replace("@TITLE@", Html.escape(title))
                .replace("@STYLE@", resource("dev/switchlab/analysis/report.css"))
                .replace("@PLOTLY@", pictures.isEmpty() ? "" : resource(PLOTLY))
                .replace("@CONTENTS@", contents)
                .replace("@BODY@", body);
    }

    private static String resource(String path) throws IOException {
        try (InputStream in = HtmlPage.class.getClassLoader().getResourceAsStream(path)) {
            if (in == null) {
                throw new IOException("the class path lacks " + path + "; build again with: make clean build");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
