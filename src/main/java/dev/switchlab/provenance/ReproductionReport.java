package dev.switchlab.provenance;

import dev.switchlab.provenance.Comparison.Pair;
import dev.switchlab.provenance.Comparison.Point;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A {@link Comparison} for people: on the terminal, and as the artifact {@value #ARTIFACT}, which is Markdown. */
public final class ReproductionReport {

    /** The artifact's path in the run that repeats another. */
    public static final String ARTIFACT = "reproduction.md";

    private static final int LONGEST = 120;

    private final StringBuilder text = new StringBuilder();

    private ReproductionReport() {}

    /**
     * The report.
     *
     * @param firstId id of the run that is repeated
     * @param secondId id of the run that repeats it
     */
    public static String of(Comparison comparison, String firstId, String secondId) {
        ReproductionReport report = new ReproductionReport();
        report.line("# Run %s repeats run %s", secondId, firstId);
        report.line("");
        report.values(comparison);
        report.entries("The stored settings are not those that run " + firstId + " logged", comparison.edited());
        report.entries("What else differs (first run, second run)", comparison.provenance());
        report.promise(comparison);
        report.line("");
        report.line("%s", comparison.verdict());
        return report.text.toString();
    }

    private void values(Comparison c) {
        line("- logged values: %,d compared, %,d not equal to the bit", c.compared(), c.unequal());
        if (c.otherNames()) {
            line(
                    "- one run is older and names router statistics otherwise: compared is what both runs have, losses and scores");
        }
        c.first().ifPresent(point -> line("- first difference: %s", describe(point)));
        if (c.unequal() > 0) {
            line(
                    "- first out of tolerance: %s",
                    c.firstBeyond().map(ReproductionReport::describe).orElse("none"));
            line("- tolerance: |a - b| <= %s", c.tolerance());
        }
        line("- final weights: %s", c.weights() ? "equal to the bit" : "not equal");
        c.firstCheckpoint().ifPresent(step -> line("- first checkpoint that differs: step %d", step));
    }

    private static String describe(Point point) {
        return String.format(
                Locale.ROOT,
                "step %d, %s: %s, then %s%s",
                point.step(),
                point.metric(),
                show(point.first()),
                show(point.second()),
                point.distance().map(d -> ", apart by " + d).orElse(""));
    }

    private static String show(Optional<Double> value) {
        return value.map(String::valueOf).orElse("nothing");
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

    private void promise(Comparison c) {
        if (!c.promised()) {
            line("- equal bits were not promised");
        } else if (c.verdict() == Verdict.IDENTICAL) {
            line("- equal bits were promised");
        } else {
            line("- equal bits were promised: this is a fault of SwitchLab or of a library under it");
        }
    }

    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
