package dev.switchlab.lab;

import dev.switchlab.golden.CaseResult;
import dev.switchlab.golden.GoldenReport;
import java.util.List;

/**
 * What came of golden cases. Prints one line per case and, of a failed one, what is wrong with it.
 *
 * @param report the verifier's own report
 */
public record GoldenCheck(GoldenReport report) {

    private static final int MOST_LINES = 12;

    /** Whether there were cases and all passed. */
    public boolean passed() {
        return report.passed();
    }

    /** One row per case. */
    public LabTable table() {
        return Tables.golden(report.cases());
    }

    /** Everything that is wrong, in lines. */
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
