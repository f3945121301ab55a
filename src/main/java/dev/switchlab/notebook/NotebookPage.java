package dev.switchlab.notebook;

import com.google.common.io.MoreFiles;
import dev.switchlab.lab.Plot;
import dev.switchlab.lab.ValueText;
import dev.switchlab.notebook.NotebookRunner.Result;
import dev.switchlab.page.HtmlPage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;
import tech.tablesaw.api.Table;

/** A notebook with its outputs, as Markdown and as HTML. */
final class NotebookPage {

    private static final String STYLE = """
            main { display: block; max-width: 52rem; overflow-wrap: anywhere }
            pre { overflow-x: auto; white-space: pre; overflow-wrap: normal; font: 13px/1.4 monospace }
            .output { border-left: 3px solid #0072b2; padding-left: .8rem; overflow-x: auto }
            .output pre { background: none; padding: .2rem 0 }
            .failure pre { border-left: 3px solid #d55e00; color: #222; background: #fff3ea }
            table { overflow-wrap: normal; font-variant-numeric: tabular-nums }
            .output svg { display: block; width: 100%; max-width: 640px; height: auto }
            @media print { pre, .output { overflow: visible; white-space: pre-wrap } svg { break-inside: avoid } }
            """;

    private NotebookPage() {}

    /**
     * An output of a snippet, rendered when the snippet ends: later snippets may change or close the value.
     *
     * @param svg the drawing that stands for the Markdown on the HTML page
     */
    record Output(String markdown, Optional<String> svg) {

        static Output of(Object value) {
            if (value instanceof Table table) {
                return new Output(ValueText.markdown(table), Optional.empty());
            }
            Output text = ofText(ValueText.text(value).orElseGet(value::toString));
            return value instanceof Plot plot ? new Output(text.markdown, Optional.of(plot.svg())) : text;
        }

        static Output ofText(String text) {
            String block = text.replaceFirst("^\\R+", "").stripTrailing().replace("```", "` ` `");
            return new Output("```text\n" + block + "\n```", Optional.empty());
        }
    }

    /** As Markdown; comments around outputs say how stable they are. */
    static String markdown(Result result) {
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
                outputs.forEach(output -> parts.add(output.markdown()));
                parts.add(Expected.END);
            }
        }
        result.failure().ifPresent(failure -> parts.add("**Failed**\n\n```text\n" + failure + "\n```"));
        return String.join("\n\n", parts) + "\n";
    }

    /** As one self-contained HTML file. */
    static String html(Result result) {
        HtmlPage page = HtmlPage.untitled(
                        MoreFiles.getNameWithoutExtension(result.notebook().file()))
                .style(STYLE);
        for (int i = 0; i < result.outputs().size(); i++) {
            Notebook.Cell cell = result.notebook().cells().get(i);
            if (cell.markdown()) {
                page.raw(fromMarkdown(cell.source()));
                continue;
            }
            page.verbatim(cell.source().strip());
            for (Output output : result.outputs().get(i)) {
                String html = output.svg().orElseGet(() -> fromMarkdown(output.markdown()));
                page.raw("<div class=\"output\">" + html + "</div>\n");
            }
        }
        result.failure()
                .ifPresent(failure ->
                        page.raw("<div class=\"failure\">").verbatim(failure).raw("</div>\n"));
        return page.render();
    }

    private static String fromMarkdown(String markdown) {
        List<TablesExtension> extensions = List.of((TablesExtension) TablesExtension.create());
        return HtmlRenderer.builder()
                .extensions(extensions)
                .build()
                .render(Parser.builder().extensions(extensions).build().parse(markdown));
    }
}
