package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * A comparison as tables of one fact a cell, for programs.
 *
 * @param comparison what they are of
 */
public record ComparisonTables(RunComparison comparison) {

    private static final List<String> OF_RUNS = List.of(SettingRuns.SEED, "device", "threads", SettingRuns.RANKS);

    /**
     * One row per setting: setting, mark (best, baseline, both or nothing), what differs, runs, metric, mean, ci95_low,
     * ci95_high, best, best_run, seconds, tokens_per_second. The interval is missing for a single run.
     */
    public Table settings() {
        Table table = Table.create("settings", StringColumn.create("setting"), StringColumn.create("mark"));
        List<String> differing = comparison.columns().differing();
        differing.forEach(name -> table.addColumns(StringColumn.create(name)));
        table.addColumns(
                IntColumn.create("runs"),
                StringColumn.create("metric"),
                DoubleColumn.create("mean"),
                DoubleColumn.create("ci95_low"),
                DoubleColumn.create("ci95_high"),
                DoubleColumn.create("best"),
                StringColumn.create("best_run"),
                DoubleColumn.create("seconds"),
                DoubleColumn.create("tokens_per_second"));
        for (SettingScore score : comparison.scores()) {
            SettingRuns setting = score.setting();
            table.stringColumn("setting").append(setting.letter());
            table.stringColumn("mark").append(mark(setting));
            differing.forEach(name -> table.stringColumn(name).append(SettingColumns.raw(setting, name)));
            table.intColumn("runs").append(score.interval().n());
            table.stringColumn("metric").append(comparison.metric());
            interval(table, score.interval());
            table.doubleColumn("best").append(score.least());
            table.stringColumn("best_run").append(score.best().map(Run::runId).orElse(""));
            table.doubleColumn("seconds").append(score.seconds());
            table.doubleColumn("tokens_per_second").append(score.tokensPerSecond());
        }
        return table;
    }

    /** The words best and baseline, as far as they hold. */
    String mark(SettingRuns setting) {
        return String.join(
                ", ",
                Stream.of(
                                comparison.best().filter(setting::equals).map(best -> "best"),
                                Stream.of(comparison.baseline())
                                        .filter(baseline -> baseline.equals(setting)
                                                && comparison.settings().size() > 1)
                                        .map(baseline -> "baseline")
                                        .findFirst())
                        .flatMap(word -> word.stream())
                        .toList());
    }

    /**
     * One row per setting that is not the baseline, and metric: difference, metric, pairs, mean, ci95_low, ci95_high,
     * verdict.
     */
    public Table differences() {
        Table table = Table.create(
                "differences",
                StringColumn.create("difference"),
                StringColumn.create("metric"),
                IntColumn.create("pairs"),
                DoubleColumn.create("mean"),
                DoubleColumn.create("ci95_low"),
                DoubleColumn.create("ci95_high"),
                StringColumn.create("verdict"));
        for (SettingDifference difference : comparison.differences()) {
            table.stringColumn("difference").append(difference.title());
            table.stringColumn("metric").append(difference.metric());
            table.intColumn("pairs").append(difference.difference().n());
            interval(table, difference.difference());
            table.stringColumn("verdict").append(difference.verdict());
        }
        return table;
    }

    private static void interval(Table table, MeanInterval interval) {
        table.doubleColumn("mean").append(interval.mean());
        table.doubleColumn("ci95_low").append(interval.low());
        table.doubleColumn("ci95_high").append(interval.high());
    }

    /** One row per run: run, name, setting, seed and what else differs, status, the score, seconds. */
    public Table runs() {
        List<Run> runs = new ArrayList<>();
        List<SettingRuns> own = new ArrayList<>(); // the setting of each
        for (SettingRuns setting : comparison.settings()) {
            runs.addAll(setting.runs());
            own.addAll(Collections.nCopies(setting.runs().size(), setting));
        }
        Table table = Table.create(
                "runs",
                StringColumn.create("run", runs.stream().map(Run::runId).toList()),
                StringColumn.create("name", runs.stream().map(Run::name).toList()),
                StringColumn.create(
                        "setting", own.stream().map(SettingRuns::letter).toList()));
        for (String name : OF_RUNS) {
            List<String> values = runs.stream()
                    .map(run -> run.params().getOrDefault(name, ""))
                    .toList();
            if (name.equals(SettingRuns.SEED) || values.stream().distinct().count() > 1) {
                table.addColumns(StringColumn.create(name, values));
            }
        }
        comparison
                .columns()
                .differing()
                .forEach(name -> table.addColumns(StringColumn.create(
                        name,
                        own.stream()
                                .map(setting -> SettingColumns.raw(setting, name))
                                .toList())));
        table.addColumns(
                StringColumn.create("status", runs.stream().map(Run::status).toList()),
                DoubleColumn.create(
                        comparison.metric(),
                        runs.stream()
                                .mapToDouble(run -> last(run, comparison.metric()))
                                .toArray()),
                DoubleColumn.create(
                        "seconds",
                        runs.stream().mapToDouble(SettingScore::seconds).toArray()));
        return table;
    }

    /** One row per run and metric: metric, run, setting, final, best, best_step. */
    public Table metrics() {
        Table table = Table.create(
                "metrics",
                StringColumn.create("metric"),
                StringColumn.create("run"),
                StringColumn.create("setting"),
                DoubleColumn.create("final"),
                DoubleColumn.create("best"),
                IntColumn.create("best_step"));
        for (String metric : RunComparison.METRICS) {
            for (SettingRuns setting : comparison.settings()) {
                for (Run run : setting.runs()) {
                    Curve curve = comparison.curves().get(run.runId()).get(metric);
                    if (curve != null) {
                        table.stringColumn("metric").append(metric);
                        table.stringColumn("run").append(run.runId());
                        table.stringColumn("setting").append(setting.letter());
                        table.doubleColumn("final").append(curve.last());
                        table.doubleColumn("best").append(curve.best());
                        table.intColumn("best_step").append(Math.toIntExact(curve.bestStep()));
                    }
                }
            }
        }
        return table;
    }

    private double last(Run run, String metric) {
        Map<String, Curve> own = comparison.curves().get(run.runId());
        return own.containsKey(metric) ? own.get(metric).last() : Double.NaN;
    }
}
