package dev.switchlab.notebook;

import dev.switchlab.page.HtmlPage;
import java.util.ArrayList;
import java.util.List;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/** Renders a notebook with its output. */
final class NotebookPage {

    private static final String STYLE = """
            main { max-width: 52rem; overflow-wrap: anywhere }
            pre { overflow-x: auto; white-space: pre; overflow-wrap: normal; font: 13px/1.4 monospace }
            .output { border-left: 3px solid #0072b2; padding-left: .8rem; overflow-x: auto }
            .output pre { background: none; padding: .2rem 0 }
            .failure pre { border-left: 3px solid #d55e00; background: #fff3ea }
            table { overflow-wrap: normal; font-variant-numeric: tabular-nums }
            .output svg { display: block; width: 100%; min-width: 30rem; max-width: 680px; height: auto }
            @media print { pre, .output { overflow: visible; white-space: pre-wrap } svg { break-inside: avoid } }
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
        HtmlPage page = HtmlPage.untitled(result.notebook().name()).style(STYLE);
        for (int i = 0; i < result.outputs().size(); i++) {
            Notebook.Cell cell = result.notebook().cells().get(i);
            if (cell.markdown()) {
                page.raw(fromMarkdown(cell.source()));
                continue;
            }
            page.verbatim(cell.source().strip());
            for (Output output : result.outputs().get(i)) {
                page.raw("<div class=\"output\">" + outputHtml(output) + "</div>\n");
            }
        }
        result.failure()
                .ifPresent(failure ->
                        page.raw("<div class=\"failure\">").verbatim(failure).raw("</div>\n"));
        return page.render();
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
