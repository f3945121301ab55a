package dev.switchlab.analysis;

import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.Column;

/** A comparison as tables for programs, one fact a cell. */
public record ComparisonTables(Comparison comparison) {

    private static final List<String> OF_RUNS = List.of(Setting.SEED, "device", "threads", Setting.RANKS);

    private static final String COMMIT = "mlflow.source.git.commit";

    /** Facts, beside the commit, that may change a result without being a setting. */
    private static final List<String> ORIGINS = List.of(
            COMMIT,
            "dirty",
            "version",
            "corpus.name",
            "corpus.sha256",
            "libtorch",
            "jdk",
            "device",
            "gpu",
            "cpu",
            "kernels",
            "threads",
            "promise");

    private record SettingRun(Setting setting, Run run) {}

    /** @param points at least one, in order of time */
    private record RunMetric(SettingRun run, String metric, List<MetricPoint> points) {

        /** The value at the highest step; of two points at one step, the later counts. */
        double last() {
            return points.stream()
                    .reduce((last, next) -> next.step() >= last.step() ? next : last)
                    .orElseThrow()
                    .value();
        }

        /** The first point with the best value; NaN only if all points are. */
        MetricPoint best() {
            Comparator<MetricPoint> order = Comparator.comparing(MetricPoint::value);
            return points.stream()
                    .filter(point -> !Double.isNaN(point.value()))
                    .min(Difference.isHigherBetter(metric) ? order.reversed() : order)
                    .orElse(points.get(0));
        }
    }

    /**
     * One row per setting: setting, mark (best, baseline, both or nothing), what differs, runs, metric, mean, ci95_low,
     * ci95_high, best, best_run, seconds, tokens_per_second. The interval of a single run is missing.
     */
    public Table settings() {
        Rows<Setting> rows = new Rows<>(comparison.settings());
        String metric = comparison.metric();
        Optional<Setting> best = comparison.best();
        return Table.create(
                        "settings",
                        rows.text("setting", Setting::letter),
                        rows.text("mark", setting -> mark(setting, best)))
                .addColumns(differing(rows, setting -> setting))
                .addColumns(
                        rows.count("runs", setting -> comparison.score(setting).n()),
                        rows.text("metric", setting -> metric))
                .addColumns(interval(rows, comparison::score))
                .addColumns(
                        rows.number("best", setting -> least(setting)),
                        rows.text(
                                "best_run",
                                setting -> setting.best(metric).map(Run::runId).orElse("")),
                        rows.number("seconds", Setting::seconds),
                        rows.number("tokens_per_second", comparison::tokensPerSecond));
    }

    /** The least score of a run of a setting; NaN if none is finite. */
    double least(Setting setting) {
        return setting.best(comparison.metric())
                .map(run -> run.metric(comparison.metric()))
                .orElse(Double.NaN);
    }

    /** The words best and baseline, as far as they hold. */
    String mark(Setting setting, Optional<Setting> best) {
        boolean isBaseline =
                comparison.isBaseline(setting) && comparison.settings().size() > 1;
        return Stream.of(best.filter(setting::equals).isPresent() ? "best" : "", isBaseline ? "baseline" : "")
                .filter(word -> !word.isEmpty())
                .collect(Collectors.joining(", "));
    }

    /**
     * One row per setting with a baseline, and metric: difference, metric, pairs, mean, ci95_low, ci95_high, verdict.
     */
    public Table differences() {
        Rows<Difference> rows = new Rows<>(comparison.differences());
        return Table.create(
                        "differences",
                        rows.text("difference", Difference::title),
                        rows.text("metric", Difference::metric),
                        rows.count("pairs", difference -> difference.interval().n()))
                .addColumns(interval(rows, Difference::interval))
                .addColumns(
                        rows.text("verdict", difference -> difference.verdict().toString()));
    }

    /** One row per run: run, name, setting, seed and what else differs, status, the score, seconds. */
    public Table runs() {
        Rows<SettingRun> rows = new Rows<>(settingRuns());
        Table table = Table.create(
                "runs",
                rows.text("run", own -> own.run().runId()),
                rows.text("name", own -> own.run().name()),
                rows.text("setting", own -> own.setting().letter()));
        for (String name : OF_RUNS) {
            StringColumn values = rows.text(name, own -> own.run().params().getOrDefault(name, ""));
            if (name.equals(Setting.SEED) || values.countUnique() > 1) {
                table.addColumns(values);
            }
        }
        return table.addColumns(differing(rows, SettingRun::setting))
                .addColumns(
                        rows.text("status", own -> own.run().status()),
                        rows.number(comparison.metric(), own -> own.run().metric(comparison.metric())),
                        rows.number("seconds", own -> own.run().seconds()));
    }

    /** One row per run and metric: metric, run, setting, final, best, best_step. */
    public Table metrics() {
        Rows<RunMetric> rows = new Rows<>(Comparison.METRICS.stream()
                .flatMap(metric -> settingRuns().stream()
                        .map(own -> new RunMetric(own, metric, comparison.history(own.run(), metric))))
                .filter(own -> !own.points().isEmpty())
                .toList());
        return Table.create(
                "metrics",
                rows.text("metric", RunMetric::metric),
                rows.text("run", row -> row.run().run().runId()),
                rows.text("setting", row -> row.run().setting().letter()),
                rows.number("final", RunMetric::last),
                rows.number("best", row -> row.best().value()),
                rows.count("best_step", row -> Math.toIntExact(row.best().step())));
    }

    /**
     * One row per run: run, and the facts of code, text, versions, machine and threads that differ; empty if none does.
     */
    Table origins() {
        Rows<Run> rows = new Rows<>(comparison.runs());
        Table table = Table.create("origins");
        for (String fact : ORIGINS) {
            StringColumn values = fact.equals(COMMIT)
                    ? rows.text("source.git.commit", run -> run.tags().getOrDefault(COMMIT, ""))
                    : rows.text(fact, run -> run.fact(fact));
            if (values.countUnique() > 1) {
                table.addColumns(values);
            }
        }
        return table.columnCount() == 0 ? table : table.insertColumn(0, rows.text("run", Run::shortId));
    }

    private List<SettingRun> settingRuns() {
        return comparison.settings().stream()
                .flatMap(setting -> setting.runs().stream().map(run -> new SettingRun(setting, run)))
                .toList();
    }

    private <T> Column<?>[] differing(Rows<T> rows, Function<T, Setting> setting) {
        return comparison.columns().differing().stream()
                .map(column -> rows.text(column, row -> SettingColumns.raw(setting.apply(row), column)))
                .toArray(Column<?>[]::new);
    }

    private static <T> Column<?>[] interval(Rows<T> rows, Function<T, MeanInterval> interval) {
        return new Column<?>[] {
            rows.number("mean", row -> interval.apply(row).mean()),
            rows.number("ci95_low", row -> interval.apply(row).low()),
            rows.number("ci95_high", row -> interval.apply(row).high())
        };
    }
}
