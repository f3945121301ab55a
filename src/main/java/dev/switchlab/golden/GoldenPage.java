package dev.switchlab.golden;

import dev.switchlab.golden.CaseResult.RunResult;
import dev.switchlab.golden.TensorDifference.Element;
import dev.switchlab.page.Html;
import dev.switchlab.page.HtmlPage;
import java.util.Locale;

/** The whole comparison as one page: a line per case, and every tensor of it, passed or not, behind the line. */
final class GoldenPage {

    private static final String STYLE = """
            main { max-width: 80rem }
            .wrong { background: #fde8d7 }
            """;
    private static final int COLUMNS = 8;

    private GoldenPage() {}

    static String of(GoldenReport report) {
        HtmlPage page = new HtmlPage("Golden cases: " + report.summary()).style(STYLE);
        page.text(report.source() + ". " + report.statistics() + ".");
        report.cases().forEach(result -> page.raw(Html.folded(summary(result), !result.passed(), of(result))));
        return page.render();
    }

    private static String summary(CaseResult result) {
        if (!result.problem().isEmpty()) {
            return "FAIL " + result.name();
        }
        return String.format(
                Locale.ROOT,
                "%s %s · %s · %.3f of tolerance · %d of %d bit-equal",
                result.passed() ? "ok" : "FAIL",
                result.name(),
                result.kind(),
                result.units(),
                result.bitEqual(),
                result.tensors().count());
    }

    private static String of(CaseResult result) {
        StringBuilder html = new StringBuilder();
        if (!result.problem().isEmpty()) {
            html.append(wrong(result.problem()));
        }
        result.runs()
                .forEach(run -> html.append("<h3>")
                        .append(Html.escape(run.form()))
                        .append("</h3>\n")
                        .append(run.problem().isEmpty() ? table(run) : wrong(run.problem())));
        return html.toString();
    }

    private static String wrong(String problem) {
        return "<p class=\"wrong\">" + Html.escape(problem) + "</p>\n";
    }

    private static String table(RunResult run) {
        StringBuilder html = new StringBuilder(
                "<div class=\"scroll\"><table><thead><tr><th>tensor</th><th>shape</th><th>wrong</th><th>of tolerance</th>"
                        + "<th>absolute error</th><th>relative error</th><th>tolerance</th><th>bit-equal</th></tr></thead>\n");
        run.tensors().forEach(tensor -> append(html, tensor));
        return html.append("</table></div>\n").toString();
    }

    private static void append(StringBuilder html, TensorDifference tensor) {
        html.append(tensor.passed() ? "<tr>" : "<tr class=\"wrong\">");
        cell(html, 1, tensor.name());
        cell(html, 1, tensor.shape());
        if (!tensor.problem().isEmpty()) {
            cell(html, COLUMNS - 2, tensor.problem());
            html.append("</tr>\n");
            return;
        }
        cell(html, 1, tensor.wrong() + " of " + tensor.elements());
        cell(html, 1, String.format(Locale.ROOT, "%.3f", tensor.units()));
        cell(html, 1, FailureText.spread(tensor.absolute()));
        cell(html, 1, FailureText.spread(tensor.relative()));
        cell(html, 1, FailureText.bound(tensor.bound()));
        cell(html, 1, tensor.bitEqual() ? "yes" : "no");
        html.append("</tr>\n");
        for (Element element : tensor.worst()) {
            html.append("<tr class=\"wrong\">");
            cell(html, COLUMNS, FailureText.element(element));
            html.append("</tr>\n");
        }
    }

    private static void cell(StringBuilder html, int columns, String text) {
        html.append(columns == 1 ? "<td>" : "<td colspan=\"" + columns + "\">")
                .append(Html.escape(text))
                .append("</td>");
    }
}
