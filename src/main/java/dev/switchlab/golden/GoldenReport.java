package dev.switchlab.golden;

import dev.switchlab.golden.CaseResult.RunResult;
import dev.switchlab.io.WholeFile;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.page.TextTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The results of the cases in {@code source}, a folder or one file. */
public record GoldenReport(Path source, List<CaseResult> cases) {

    /** Copies the list. */
    public GoldenReport {
        cases = List.copyOf(cases);
    }

    /** Whether there were cases and all passed. */
    public boolean passed() {
        return !cases.isEmpty() && cases.stream().allMatch(CaseResult::passed);
    }

    /** Cases that passed. */
    public long passedCount() {
        return cases.stream().filter(CaseResult::passed).count();
    }

    /** The last line: {@code N passed, M failed}. */
    public String summary() {
        return passedCount() + " passed, " + (cases.size() - passedCount()) + " failed";
    }

    /** The line before it: how many tensors are equal to the bit and how near the nearest is to its tolerance. */
    public String statistics() {
        if (cases.isEmpty()) {
            return "no golden cases (*" + CaseFile.EXTENSION + ") in " + source;
        }
        long tensors = cases.stream().mapToLong(c -> c.tensors().count()).sum();
        long equal = cases.stream().mapToLong(CaseResult::bitEqual).sum();
        return String.format(
                Locale.ROOT,
                "%d of %d tensors (%.1f%%) equal to the bit, the largest error is %.3f of its tolerance",
                equal,
                tensors,
                tensors == 0 ? 0 : 100.0 * equal / tensors,
                cases.stream().mapToDouble(CaseResult::units).max().orElse(0));
    }

    /**
     * Writes the whole comparison as one HTML page.
     *
     * @param file ends with {@code .html}
     * @throws IllegalArgumentException for another ending
     */
    public void write(Path file) throws IOException {
        if (!file.getFileName().toString().endsWith(".html")) {
            throw new IllegalArgumentException(
                    "a golden report is a page, not " + file + "; its name ends with .html, for example golden.html");
        }
        WholeFile.write(file, page());
    }

    /** One folded line per case; behind it what is wrong, and every tensor of every run, passed or not. */
    private String page() {
        HtmlPage page = new HtmlPage("Golden cases: " + summary()).style("main { max-width: 80rem }");
        page.text(source + ". " + statistics() + ".");
        cases.forEach(result -> page.folded(result.line(), !result.passed(), () -> details(page, result)));
        return page.render();
    }

    private static void details(HtmlPage page, CaseResult result) {
        if (!result.problem().isEmpty()) {
            page.text(result.problem());
        }
        for (RunResult run : result.runs()) {
            page.subheading(run.label());
            if (!run.passed()) {
                page.verbatim(String.join("\n", run.failure()));
            }
            if (!run.tensors().isEmpty()) {
                page.table(table(run.tensors()));
            }
        }
    }

    private static TextTable<TensorDifference> table(List<TensorDifference> tensors) {
        return new TextTable<>(tensors)
                .left("tensor", TensorDifference::name)
                .left("shape", TensorDifference::shape)
                .right("wrong", tensor -> tensor.wrong() + " of " + tensor.elements())
                .right("of tolerance", tensor -> String.format(Locale.ROOT, "%.3f", tensor.units()))
                .left("absolute error", tensor -> tensor.absolute().toString())
                .left("relative error", tensor -> tensor.relative().toString())
                .left("tolerance", tensor -> tensor.bound().toString())
                .left("bit-equal", tensor -> tensor.bitEqual() ? "yes" : "no");
    }
}
