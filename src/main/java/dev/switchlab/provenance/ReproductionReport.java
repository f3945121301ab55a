package dev.switchlab.provenance;

import dev.switchlab.provenance.Reproduction.Pair;
import dev.switchlab.provenance.Reproduction.Point;
import dev.switchlab.provenance.Reproduction.Verdict;
import java.util.Locale;
import java.util.Map;

/** A {@link Reproduction} as Markdown, for the terminal and as the artifact {@value #ARTIFACT}. */
public final class ReproductionReport {

    /** The artifact's path in the repeating run. */
    public static final String ARTIFACT = "reproduction.md";

    private static final int LONGEST = 120;

    private final StringBuilder text = new StringBuilder();

    private ReproductionReport() {}

    /**
     * The report.
     *
     * @param firstId id of the repeated run
     * @param secondId id of the repeating run
     */
    public static String of(Reproduction reproduction, String firstId, String secondId) {
        ReproductionReport report = new ReproductionReport();
        report.line("# Run %s repeats run %s", secondId, firstId);
        report.line("");
        report.values(reproduction);
        report.entries(
                "Stored settings that differ from what run " + firstId + " logged (logged, stored)",
                reproduction.edited());
        report.entries("Differences in provenance (first run, second run)", reproduction.provenance());
        report.line("- equal bits were %s", promise(reproduction));
        report.line("");
        report.line("%s", reproduction.verdict());
        return report.text.toString();
    }

    private void values(Reproduction r) {
        line("- logged values: %,d compared, %,d not bitwise equal", r.compared(), r.unequal());
        r.first().ifPresent(point -> line("- first difference: %s", describe(point)));
        if (r.unequal() > 0) {
            line(
                    "- first out of tolerance: %s",
                    r.firstBeyond().map(ReproductionReport::describe).orElse("none"));
            line("- tolerance: |a - b| <= %s", r.tolerance());
        }
        line("- final weights: %s", r.weights() ? "bitwise equal" : "not equal");
        r.firstCheckpoint().ifPresent(step -> line("- first checkpoint that differs: step %d", step));
    }

    private static String describe(Point point) {
        return String.format(
                Locale.ROOT,
                "step %d, %s: %s, then %s%s",
                point.step(),
                point.metric(),
                point.first().map(String::valueOf).orElse("nothing"),
                point.second().map(String::valueOf).orElse("nothing"),
                point.distance().map(d -> ", distance " + d).orElse(""));
    }

    private void entries(String title, Map<String, Pair> entries) {
        if (entries.isEmpty()) {
            return;
        }
        line("- %s:", title);
        entries.forEach((key, pair) -> line("  - %s: %s, then %s", key, show(pair.first()), show(pair.second())));
    }

    /** A value in one short line. */
    public static String show(String value) {
        if (value.isEmpty()) {
            return "nothing";
        }
        String flat = value.strip().replaceAll("\\s*\\R\\s*", "; ");
        return flat.length() > LONGEST ? flat.substring(0, LONGEST) + "..." : flat;
    }

    private static String promise(Reproduction r) {
        if (!r.promised()) {
            return "not promised";
        }
        return r.verdict() == Verdict.IDENTICAL
                ? "promised"
                : "promised: this is a fault of SwitchLab or of a library under it";
    }

    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
