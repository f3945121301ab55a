package dev.switchlab.notebook;

import dev.switchlab.experiment.ExperimentSummary;
import dev.switchlab.golden.CaseResult;
import dev.switchlab.tracking.StoredRun;
import java.time.Duration;
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

    static LabTable runs(List<StoredRun> runs) {
        long now = System.currentTimeMillis();
        return new LabTable(Table.create(
                "runs",
                strings("run", runs, run -> shortId(run.id())),
                strings("name", runs, StoredRun::name),
                strings("status", runs, StoredRun::status),
                strings("age", runs, run -> age(Duration.ofMillis(now - run.startTime()))),
                numbers("train/cross_entropy", runs, run -> run.metrics().get("train/cross_entropy")),
                numbers("valid/cross_entropy", runs, run -> run.metrics().get("valid/cross_entropy")),
                numbers("valid/accuracy", runs, run -> run.metrics().get("valid/accuracy"))));
    }

    /** One row for each parameter that differs and each metric under a prefix, one column a run. */
    static LabTable compare(List<StoredRun> runs, Set<String> metricPrefixes) {
        Set<String> params = new LinkedHashSet<>();
        Set<String> metrics = new LinkedHashSet<>();
        for (StoredRun run : runs) {
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
            StoredRun run = runs.get(i);
            String name = runs.stream().map(StoredRun::name).distinct().count() == runs.size()
                    ? run.name()
                    : shortId(run.id());
            table.addColumns(strings(name, keys, key -> value(run, key)));
        }
        return new LabTable(table);
    }

    private static String value(StoredRun run, String key) {
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
