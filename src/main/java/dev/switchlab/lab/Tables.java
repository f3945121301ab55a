package dev.switchlab.lab;

import dev.switchlab.experiment.ExperimentSummary;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.golden.CaseResult;
import dev.switchlab.runs.Run;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** Makes tables of what the verbs return. */
final class Tables {

    private Tables() {}

    static LabTable experiments(List<ExperimentSummary> summaries) {
        return new LabTable(Table.create(
                "experiments",
                strings("id", summaries, ExperimentSummary::id),
                strings("about", summaries, ExperimentSummary::about)));
    }

    static LabTable runs(List<Run> runs) {
        Instant now = Instant.now();
        return new LabTable(Table.create(
                "runs",
                strings("run", runs, Run::shortId),
                strings("name", runs, Run::name),
                strings("status", runs, Run::status),
                strings("age", runs, run -> age(Duration.between(run.start(), now))),
                numbers(
                        MetricNames.TRAIN_CROSS_ENTROPY,
                        runs,
                        run -> run.metrics().get(MetricNames.TRAIN_CROSS_ENTROPY)),
                numbers(
                        MetricNames.VALID + MetricNames.CROSS_ENTROPY,
                        runs,
                        run -> run.metrics().get(MetricNames.VALID + MetricNames.CROSS_ENTROPY)),
                numbers(
                        MetricNames.VALID + MetricNames.ACCURACY,
                        runs,
                        run -> run.metrics().get(MetricNames.VALID + MetricNames.ACCURACY))));
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
