package dev.switchlab.golden;

import com.google.common.html.HtmlEscapers;
import dev.switchlab.golden.CaseResult.RunResult;
import dev.switchlab.golden.TensorDifference.Element;
import java.util.Locale;

/** The comparison as one self-contained page: a row a case, its tensors behind it. */
final class ReportHtml {

    private static final String HEAD = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Golden cases</title>
            <style>
            body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1a1a1a }
            table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; margin: .5rem 0 1rem }
            th, td { text-align: left; padding: .15rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top }
            th { font-weight: 600 }
            .wrong { background: #fde8d7 }
            summary { cursor: pointer; padding: .15rem 0 }
            summary b { display: inline-block; min-width: 3.2rem }
            .fail > summary b { color: #b43c00 }
            .scroll { overflow-x: auto }
            </style></head><body>
            """;

    private ReportHtml() {}

    static String of(GoldenReport report) {
        StringBuilder page = new StringBuilder(HEAD);
        page.append("<h1>Golden cases: ")
                .append(HtmlEscapers.htmlEscaper().escape(report.summary()))
                .append("</h1>\n<p>");
        page.append(HtmlEscapers.htmlEscaper().escape(report.source().toString()))
                .append(". ");
        page.append(HtmlEscapers.htmlEscaper().escape(report.statistics())).append(".</p>\n");
        report.cases().forEach(result -> append(page, result));
        return page.append("</body></html>\n").toString();
    }

    private static void append(StringBuilder page, CaseResult result) {
        page.append(result.passed() ? "<details>" : "<details open class=\"fail\">");
        page.append("<summary><b>").append(result.passed() ? "ok" : "FAIL").append("</b> ");
        page.append(HtmlEscapers.htmlEscaper().escape(result.name()))
                .append(" &middot; ")
                .append(HtmlEscapers.htmlEscaper().escape(result.kind()));
        page.append(String.format(
                Locale.ROOT,
                " &middot; %.3f of tolerance &middot; %d/%d bit-equal</summary>%n",
                result.units(),
                result.bitEqual(),
                result.tensors().count()));
        if (!result.problem().isEmpty()) {
            page.append("<p class=\"wrong\">")
                    .append(HtmlEscapers.htmlEscaper().escape(result.problem()))
                    .append("</p>\n");
        }
        result.runs().forEach(run -> append(page, run));
        page.append("</details>\n");
    }

    private static void append(StringBuilder page, RunResult run) {
        page.append("<h3>")
                .append(HtmlEscapers.htmlEscaper().escape(run.form()))
                .append("</h3>\n");
        if (!run.problem().isEmpty()) {
            page.append("<p class=\"wrong\">")
                    .append(HtmlEscapers.htmlEscaper().escape(run.problem()))
                    .append("</p>\n");
            return;
        }
        page.append("<div class=\"scroll\"><table><tr><th>tensor</th><th>shape</th><th>wrong</th><th>of tolerance</th>"
                + "<th>absolute error</th><th>relative error</th><th>tolerance</th><th>bit-equal</th></tr>\n");
        run.tensors().forEach(tensor -> append(page, tensor));
        page.append("</table></div>\n");
    }

    private static void append(StringBuilder page, TensorDifference tensor) {
        page.append(tensor.passed() ? "<tr>" : "<tr class=\"wrong\">");
        cell(page, tensor.name());
        cell(page, tensor.shape());
        if (!tensor.problem().isEmpty()) {
            page.append("<td colspan=\"6\">")
                    .append(HtmlEscapers.htmlEscaper().escape(tensor.problem()))
                    .append("</td></tr>\n");
            return;
        }
        cell(page, tensor.wrong() + " of " + tensor.elements());
        cell(page, String.format(Locale.ROOT, "%.3f", tensor.units()));
        cell(page, FailureText.spread(tensor.absolute()));
        cell(page, FailureText.spread(tensor.relative()));
        cell(page, FailureText.tolerance(tensor.tolerance()));
        cell(page, tensor.bitEqual() ? "yes" : "no");
        page.append("</tr>\n");
        for (Element element : tensor.worst()) {
            page.append("<tr class=\"wrong\"><td colspan=\"8\">")
                    .append(HtmlEscapers.htmlEscaper()
                            .escape(String.format(
                                    Locale.ROOT,
                                    "%s expected %s, got %s (%.3g times the tolerance)",
                                    element.index(),
                                    FailureText.value(element.expected()),
                                    FailureText.value(element.actual()),
                                    element.units())));
            page.append("</td></tr>\n");
        }
    }

    private static void cell(StringBuilder page, String text) {
        page.append("<td>").append(HtmlEscapers.htmlEscaper().escape(text)).append("</td>");
    }
}
