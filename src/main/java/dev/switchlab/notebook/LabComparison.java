package dev.switchlab.notebook;

import dev.switchlab.analysis.RunComparison;
import java.util.List;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * Runs side by side, as {@code make compare} shows them.
 *
 * @param comparison the comparison itself
 */
public record LabComparison(RunComparison comparison) {

    /** One row a run: run, name, setting (A, B, ...), seed, and the parameters that differ. */
    public LabTable settings() {
        return new LabTable(comparison.settings());
    }

    /** One row a metric and run: final value, best value and its step. */
    public LabTable metrics() {
        return new LabTable(comparison.metrics());
    }

    /** One row a setting after the first and metric: paired difference over common seeds, with its 95 % confidence interval. */
    public LabTable differences() {
        return new LabTable(comparison.differences());
    }

    /** What to know beside the tables, such as seeds without a partner. */
    public List<String> notes() {
        return comparison.notes();
    }

    /** The settings with a column a run: runs are few, and parameters that differ may be many. */
    private LabTable runsAcross() {
        Table settings = comparison.settings();
        List<String> rows = settings.columnNames().subList(1, settings.columnCount());
        Table across = Table.create("runs", StringColumn.create("run", rows));
        for (int i = 0; i < settings.rowCount(); i++) {
            int run = i;
            across.addColumns(StringColumn.create(
                    settings.stringColumn("run").get(i),
                    rows.stream().map(row -> settings.stringColumn(row).get(run))));
        }
        return new LabTable(across);
    }

    @Override
    public String toString() {
        StringBuilder text =
                new StringBuilder().append(runsAcross()).append('\n').append(metrics());
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
