package dev.switchlab.analysis;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import tech.tablesaw.plotly.components.Figure;

/**
 * One self-contained HTML page: style, figures and Plotly itself are in the file, and its content security policy forbids every request.
 */
final class HtmlPage {

    /** Plotly with the plain chart types; a third of the whole. */
    private static final String PLOTLY = "META-INF/resources/webjars/plotly.js/1.54.1/dist/plotly-cartesian.min.js";

    private final String title;
    private final StringBuilder body = new StringBuilder();
    private int figures;

    HtmlPage(String title) {
        this.title = title;
    }

    /** A section's heading. */
    HtmlPage heading(String text) {
        return raw("<h2>" + Html.escape(text) + "</h2>\n");
    }

    /** A paragraph. */
    HtmlPage text(String text) {
        return raw("<p>" + Html.escape(text) + "</p>\n");
    }

    /** Text with its line breaks kept. */
    HtmlPage verbatim(String text) {
        return raw("<pre>" + Html.escape(text) + "</pre>\n");
    }

    /** A figure with what it shows. */
    HtmlPage figure(Figure figure, String caption) {
        String id = "figure" + ++figures;
        return raw("<figure><div id=\"" + id + "\" class=\"plot\"></div>" + figure.asJavascript(id) + "<figcaption>"
                + Html.escape(caption) + "</figcaption></figure>\n");
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
                .replace("@PLOTLY@", figures == 0 ? "" : resource(PLOTLY))
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
