package dev.switchlab.lab;

import dev.switchlab.analysis.Rows;
import dev.switchlab.analysis.RunSelection;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import java.util.List;
import tech.tablesaw.api.Table;

/**
 * A sweep of the book; {@code compare(sweep("..."))} compares its settings.
 *
 * @param parent the run of the sweep
 * @param all the runs below it that trained a model
 */
public record LabSweep(Run parent, List<Run> all) {

    /** Refuses a run that sums up no others. */
    public LabSweep {
        if (!parent.isSummary()) {
            throw new LabException("run " + parent.shortId() + " (" + parent.name()
                    + ") trained a model by itself, allowed: a run that sums up others; run(\"" + parent.shortId()
                    + "\") shows it");
        }
    }

    /** One row per run: run, experiment, setting, seed, status, final score. */
    public Table runs() {
        Rows<Run> rows = new Rows<>(all);
        return Table.create(
                "runs",
                rows.text("run", Run::shortId),
                rows.text("experiment", Run::experiment),
                rows.text("setting", run -> run.tags().getOrDefault(RunInfo.SETTING_TAG, "")),
                rows.text("seed", run -> run.params().getOrDefault("seed", "")),
                rows.text("status", Run::status),
                Tables.metric(rows, MetricNames.FINAL + MetricNames.CROSS_ENTROPY));
    }

    @Override
    public String toString() {
        return parent.name() + ": " + RunSelection.standing(all) + ValueText.table(runs());
    }
}
