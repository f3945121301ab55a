package dev.switchlab.lab;

import dev.switchlab.analysis.ComparisonTables;
import dev.switchlab.analysis.ComparisonText;
import dev.switchlab.analysis.Comparison;
import java.util.List;

/**
 * Runs side by side, by setting, as {@code make compare} shows them.
 *
 * @param comparison the comparison itself
 */
public record SideBySide(Comparison comparison) {

    /** One row per setting: what differs, runs, mean score and its 95 % interval, best, time and speed. */
    public LabTable settings() {
        return new LabTable(tables().settings());
    }

    /** One row per run: id, name, setting (A, B, ...), seed, what differs, score. */
    public LabTable runs() {
        return new LabTable(tables().runs());
    }

    /** One row per metric and run: final value, best value and its step. */
    public LabTable metrics() {
        return new LabTable(tables().metrics());
    }

    /**
     * One row per setting that is not the baseline, and metric: paired difference over common seeds, with its 95 %
     * confidence interval.
     */
    public LabTable differences() {
        return new LabTable(tables().differences());
    }

    /** The same with another baseline: a setting's letter, what tells it from the others, or one of its runs. */
    public SideBySide against(String baseline) {
        return Guard.call(() -> new SideBySide(comparison.against(baseline)));
    }

    /** What to know beside the tables, such as seeds without a partner. */
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
