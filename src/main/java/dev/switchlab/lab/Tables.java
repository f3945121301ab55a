package dev.switchlab.lab;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Rows;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** Builds the Tablesaw tables that verbs return. */
final class Tables {

    private Tables() {}

    /** One row per run: run, name, status, age, latest scores. */
    static Table runs(List<Run> runs) {
        Instant now = Instant.now();
        Rows<Run> rows = new Rows<>(runs);
        return Table.create(
                "runs",
                rows.text("run", Run::shortId),
                rows.text("name", Run::title),
                rows.text("status", Run::status),
                rows.text("age", run -> age(Duration.between(run.start(), now))),
                rows.number("train", Comparison::trainingLoss),
                rows.number("valid", run -> run.metric(MetricNames.VALID + MetricNames.CROSS_ENTROPY)),
                rows.number("final", run -> run.metric(Comparison.FINAL_SCORE)));
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

    static DoubleColumn metric(Rows<Run> runs, String name) {
        return runs.number(name, run -> run.metrics().getOrDefault(name, Double.NaN));
    }

    /**
     * Turns a long table into a wide one: one column for each value of {@code key}, filled from column {@code value}.
     * Numbers get the key's name: {@code wide(shares, "expert", "share")} has columns {@code expert 0}, {@code expert
     * 1} and so on.
     */
    static Table wide(Table table, String key, String value) {
        String prefix = table.column(key) instanceof NumericColumn<?> ? key + " " : "";
        List<String> names = table.column(key).asStringColumn().asList().stream()
                .map(cell -> prefix + cell)
                .toList();
        Table melted = table.rejectColumns(key, value)
                .addColumns(
                        StringColumn.create(Table.MELT_VARIABLE_COLUMN_NAME, names),
                        table.doubleColumn(value).copy().setName(Table.MELT_VALUE_COLUMN_NAME));
        Set<String> columns = new LinkedHashSet<>(table.columnNames());
        columns.removeAll(List.of(key, value));
        columns.addAll(names);
        return melted.cast().selectColumns(columns.toArray(String[]::new));
    }
}
