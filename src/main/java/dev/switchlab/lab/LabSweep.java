package dev.switchlab.lab;

import dev.switchlab.analysis.RunComparison;
import dev.switchlab.analysis.RunsBelow;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import java.util.List;
import tech.tablesaw.api.Table;

/**
 * A sweep of the book: {@code compare(sweep("..."))} compares its settings.
 *
 * @param sweep its run, and the runs below it
 */
public record LabSweep(RunsBelow sweep) {

    /**
     * Refuses a run that is none.
     *
     * @throws LabException if it sums up nothing
     */
    public LabSweep {
        if (!RunComparison.isSummary(sweep.parent())) {
            throw new LabException(
                    "run " + sweep.parent().shortId() + " (" + sweep.parent().name()
                            + ") trained a model by itself, allowed: a run that sums up others; run(\""
                            + sweep.parent().shortId() + "\") shows it");
        }
    }

    /** One row per run: run, experiment, setting, seed, status, final score. */
    public LabTable runs() {
        List<Run> runs = sweep.runs();
        return new LabTable(Table.create(
                "runs",
                Tables.strings("run", runs, Run::shortId),
                Tables.strings("experiment", runs, Run::experiment),
                Tables.strings("setting", runs, run -> run.tags().getOrDefault(RunInfo.SETTING_TAG, "")),
                Tables.strings("seed", runs, run -> run.params().getOrDefault("seed", "")),
                Tables.strings("status", runs, Run::status),
                Tables.numbers(
                        MetricNames.FINAL + MetricNames.CROSS_ENTROPY,
                        runs,
                        run -> run.metrics().get(MetricNames.FINAL + MetricNames.CROSS_ENTROPY))));
    }

    @Override
    public String toString() {
        return sweep.parent().name() + ": " + sweep.standing() + runs();
    }
}
