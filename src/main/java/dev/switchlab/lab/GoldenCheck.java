package dev.switchlab.lab;

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
        List<CaseResult> cases = report.cases();
        return Table.create(
                "golden",
                Tables.strings("case", cases, CaseResult::name),
                Tables.strings("kind", cases, CaseResult::kind),
                Tables.strings("verdict", cases, result -> result.passed() ? "ok" : "FAIL"),
                Tables.numbers(
                        "tensors", cases, result -> (double) result.tensors().count()),
                Tables.numbers("bit equal", cases, result -> (double) result.bitEqual()),
                Tables.numbers("of tolerance", cases, CaseResult::units));
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
