package dev.switchlab.lab;

import dev.switchlab.analysis.Rows;
import dev.switchlab.golden.CaseResult;
import dev.switchlab.golden.GoldenReport;
import java.util.List;
import tech.tablesaw.api.Table;

/** Results of golden cases. Prints one line per case, and the differences of failed cases. */
public record GoldenCheck(GoldenReport report) {

    private static final int MOST_LINES = 12;

    /** Whether there were cases and all passed. */
    public boolean passed() {
        return report.passed();
    }

    /** One row per case. */
    public Table table() {
        Rows<CaseResult> rows = new Rows<>(report.cases());
        return Table.create(
                "golden",
                rows.text("case", CaseResult::name),
                rows.text("kind", CaseResult::kind),
                rows.text("verdict", result -> result.passed() ? "ok" : "FAIL"),
                rows.number("tensors", result -> result.tensors().count()),
                rows.number("bit equal", CaseResult::bitEqual),
                rows.number("of tolerance", CaseResult::units));
    }

    /** All differences, in lines. */
    public List<String> failures() {
        return report.cases().stream()
                .flatMap(result -> result.failure().stream())
                .toList();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (CaseResult result : report.cases()) {
            text.append('\n').append(result.line());
            List<String> failure = result.failure();
            failure.stream().limit(MOST_LINES).forEach(line -> text.append('\n').append(line));
            if (failure.size() > MOST_LINES) {
                text.append("\n  ... ").append(failure.size() - MOST_LINES).append(" more lines: .failures()");
            }
        }
        return text + "\n" + report.summary();
    }
}
