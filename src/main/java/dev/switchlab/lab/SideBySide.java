package dev.switchlab.lab;

import dev.switchlab.analysis.RunComparison;
import java.util.List;

/**
 * Runs side by side, as {@code make compare} shows them.
 *
 * @param comparison the comparison itself
 */
public record SideBySide(RunComparison comparison) {

    /** One row per run: run, name, setting (A, B, ...), seed, and the parameters that differ. */
    public LabTable settings() {
        return new LabTable(comparison.settings());
    }

    /** One row per metric and run: final value, best value and its step. */
    public LabTable metrics() {
        return new LabTable(comparison.metrics());
    }

    /** One row per setting after the first and metric: paired difference over common seeds, with its 95 % confidence interval. */
    public LabTable differences() {
        return new LabTable(comparison.differences());
    }

    /** What to know beside the tables, such as seeds without a partner. */
    public List<String> notes() {
        return comparison.notes();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder()
                .append(new LabTable(comparison.settingsAcross()))
                .append('\n')
                .append(metrics());
        if (!comparison.differences().isEmpty()) {
            text.append('\n').append(differences());
        }
        if (!notes().isEmpty()) {
            text.append('\n');
        }
        notes().forEach(note -> text.append("\nnote: ").append(note));
        return text.toString();
    }
}
