package dev.switchlab.notebook;

import com.google.common.html.HtmlEscapers;
import java.util.ArrayList;
import java.util.List;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/** Renders a notebook with its output. */
final class NotebookPage {

    private static final String STYLE = """
            body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 sans-serif; color: #1b1b1b; overflow-wrap: anywhere }
            pre { overflow-x: auto; padding: .6rem .8rem; background: #f3f5f7; font: 13px/1.4 monospace }
            .output { border-left: 3px solid #0072b2; padding-left: .8rem; overflow-x: auto }
            .output pre { background: none; padding: .2rem 0 }
            .failure pre { border-left: 3px solid #d55e00; background: #fff3ea }
            table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }
            th, td { border: 1px solid #ccd2d8; padding: .2rem .6rem }
            table { overflow-wrap: normal }
            svg { display: block; width: 100%; min-width: 30rem; max-width: 680px; height: auto }
            @media print { pre, .output { overflow: visible; white-space: pre-wrap } svg, tr { break-inside: avoid } }
            """;

    private NotebookPage() {}

    /** As Markdown; outputs stand between comments that say how stable they are. */
    static String markdown(NotebookResult result) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < result.outputs().size(); i++) {
            Notebook.Cell cell = result.notebook().cells().get(i);
            if (cell.markdown()) {
                parts.add(cell.source());
                continue;
            }
            parts.add("```java\n" + cell.source().strip() + "\n```");
            List<Output> outputs = result.outputs().get(i);
            if (!outputs.isEmpty()) {
                parts.add(Expected.begin(cell.stability()));
                outputs.forEach(output -> parts.add(output.toMarkdown()));
                parts.add(Expected.END);
            }
        }
        result.failure().ifPresent(failure -> parts.add("**Failed**\n\n```text\n" + failure + "\n```"));
        return String.join("\n\n", parts) + "\n";
    }

    /** As one HTML file that needs no other. */
    static String html(NotebookResult result) {
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < result.outputs().size(); i++) {
            Notebook.Cell cell = result.notebook().cells().get(i);
            if (cell.markdown()) {
                body.append(fromMarkdown(cell.source()));
                continue;
            }
            body.append("<pre><code>")
                    .append(HtmlEscapers.htmlEscaper().escape(cell.source().strip()))
                    .append("</code></pre>\n");
            for (Output output : result.outputs().get(i)) {
                body.append("<div class=\"output\">").append(outputHtml(output)).append("</div>\n");
            }
        }
        result.failure()
                .ifPresent(failure -> body.append("<div class=\"failure\"><pre>")
                        .append(HtmlEscapers.htmlEscaper().escape(failure))
                        .append("</pre></div>\n"));
        return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>"
                + HtmlEscapers.htmlEscaper().escape(result.notebook().name()) + "</title><style>\n" + STYLE
                + "</style></head><body>\n" + body
                + "</body></html>\n";
    }

    private static String outputHtml(Output output) {
        return output instanceof Output.Figure figure ? figure.plot().svg() : fromMarkdown(output.toMarkdown());
    }

    private static String fromMarkdown(String markdown) {
        List<TablesExtension> extensions = List.of((TablesExtension) TablesExtension.create());
        return HtmlRenderer.builder()
                .extensions(extensions)
                .build()
                .render(Parser.builder().extensions(extensions).build().parse(markdown));
    }
}
