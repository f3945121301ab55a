package dev.switchlab.notebook;

import dev.switchlab.experiment.ExperimentSummary;
import dev.switchlab.golden.CaseResult;
import dev.switchlab.tracking.TrackedRun;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** Makes tables of what the verbs return. */
final class Tables {

    private static final int SHORT_ID = 8;

    private Tables() {}

    static LabTable experiments(List<ExperimentSummary> summaries) {
        return new LabTable(Table.create(
                "experiments",
                strings("id", summaries, ExperimentSummary::id),
                strings("about", summaries, ExperimentSummary::about)));
    }

    static LabTable runs(List<TrackedRun> runs) {
        Instant now = Instant.now();
        return new LabTable(Table.create(
                "runs",
                strings("run", runs, run -> shortId(run.runId())),
                strings("name", runs, TrackedRun::name),
                strings("status", runs, TrackedRun::status),
                strings("age", runs, run -> age(Duration.between(run.start(), now))),
                numbers("train/cross_entropy", runs, run -> run.metrics().get("train/cross_entropy")),
                numbers("valid/cross_entropy", runs, run -> run.metrics().get("valid/cross_entropy")),
                numbers("valid/accuracy", runs, run -> run.metrics().get("valid/accuracy"))));
    }

    /** One row for each parameter that differs and each metric under a prefix, one column a run. */
    static LabTable compare(List<TrackedRun> runs, Set<String> metricPrefixes) {
        Set<String> params = new LinkedHashSet<>();
        Set<String> metrics = new LinkedHashSet<>();
        for (TrackedRun run : runs) {
            params.addAll(run.params().keySet());
            run.metrics().keySet().stream()
                    .filter(name -> metricPrefixes.stream().anyMatch(name::startsWith))
                    .sorted()
                    .forEach(metrics::add);
        }
        params.removeIf(key ->
                runs.stream().map(run -> run.params().get(key)).distinct().count() == 1);
        List<String> keys = new ArrayList<>(params);
        keys.sort(null);
        keys.addAll(metrics);
        StringColumn setting = StringColumn.create("param or metric", keys);
        Table table = Table.create("comparison", setting);
        for (int i = 0; i < runs.size(); i++) {
            TrackedRun run = runs.get(i);
            String name = runs.stream().map(TrackedRun::name).distinct().count() == runs.size()
                    ? run.name()
                    : shortId(run.runId());
            table.addColumns(strings(name, keys, key -> value(run, key)));
        }
        return new LabTable(table);
    }

    private static String value(TrackedRun run, String key) {
        Double metric = run.metrics().get(key);
        return metric == null
                ? run.params().getOrDefault(key, "")
                : String.format(java.util.Locale.ROOT, "%.4f", metric);
    }

    static LabTable golden(List<CaseResult> cases) {
        return new LabTable(Table.create(
                "golden",
                strings("case", cases, CaseResult::name),
                strings("kind", cases, CaseResult::kind),
                strings("verdict", cases, result -> result.passed() ? "ok" : "FAIL"),
                numbers("tensors", cases, result -> (double) result.tensors().count()),
                numbers("bit equal", cases, result -> (double) result.bitEqual()),
                numbers("of tolerance", cases, CaseResult::units)));
    }

    static <T> StringColumn strings(String name, List<T> rows, Function<T, String> value) {
        return StringColumn.create(name, rows.stream().map(value).collect(Collectors.toList()));
    }

    static <T> DoubleColumn numbers(String name, List<T> rows, Function<T, Double> value) {
        DoubleColumn column = DoubleColumn.create(name);
        for (T row : rows) {
            Double number = value.apply(row);
            if (number == null) {
                column.appendMissing();
            } else {
                column.append(number);
            }
        }
        return column;
    }

    static String shortId(String id) {
        return id.substring(0, Math.min(SHORT_ID, id.length()));
    }

    private static String age(Duration age) {
        if (age.toDays() > 0) {
            return age.toDays() + " d";
        }
        if (age.toHours() > 0) {
            return age.toHours() + " h";
        }
        return age.toMinutes() > 0 ? age.toMinutes() + " min" : age.toSeconds() + " s";
    }
}
