package dev.switchlab.lab;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.ComparisonTables;
import dev.switchlab.analysis.ComparisonText;
import java.util.List;
import tech.tablesaw.api.Table;

/** Runs side by side, by setting, as {@code make compare} prints them. */
public record SideBySide(Comparison comparison) {

    /** One row per setting: what differs, runs, mean score and its 95 % interval, best, time and speed. */
    public Table settings() {
        return tables().settings();
    }

    /** One row per run: id, name, setting (A, B, ...), seed, what differs, score. */
    public Table runs() {
        return tables().runs();
    }

    /** One row per metric and run: final value, best value and its step. */
    public Table metrics() {
        return tables().metrics();
    }

    /**
     * One row per setting that is not the baseline, and metric: paired difference over common seeds, with its 95 %
     * confidence interval.
     */
    public Table differences() {
        return tables().differences();
    }

    /** The comparison with another baseline: a setting's letter, its distinguishing parameters, or one of its runs. */
    public SideBySide against(String baseline) {
        return Guard.call(() -> new SideBySide(comparison.against(baseline)));
    }

    /** Notes on the comparison, such as seeds without a partner. */
    public List<String> notes() {
        return comparison.notes();
    }

    private ComparisonTables tables() {
        return new ComparisonTables(comparison);
    }

    @Override
    public String toString() {
        return "\n" + new ComparisonText(comparison).text();
    }
}
