package dev.switchlab.analysis;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.experiment.MetricNames.RoutingMetric;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import tech.tablesaw.api.ColumnType;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.LongColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** Runs as Tablesaw tables in long form, one fact a row; the column {@code run} has whole ids. */
public final class RunTables {

    private final RunSource source;

    /** Tables of the runs of {@code source}. */
    public RunTables(RunSource source) {
        this.source = source;
    }

    /**
     * Columns run, metric, step, value: every logged point of the metrics that {@code wanted} accepts, by run, metric,
     * step. Where a step was logged twice, the later point counts. NaN reads as a missing value.
     */
    public Table histories(List<Run> runs, Predicate<String> wanted) {
        Table table = Table.create(
                "histories",
                StringColumn.create("run"),
                StringColumn.create("metric"),
                LongColumn.create("step"),
                DoubleColumn.create("value"));
        for (Run run : runs) {
            for (String metric :
                    run.metrics().keySet().stream().filter(wanted).sorted().toList()) {
                history(run, metric).forEach((step, value) -> {
                    table.stringColumn("run").append(run.runId());
                    table.stringColumn("metric").append(metric);
                    table.longColumn("step").append(step);
                    table.doubleColumn("value").append(value);
                });
            }
        }
        return table;
    }

    /**
     * Columns layer, expert, step, load, probability, dropped, utilization; first_choice and selection_bias for a run
     * that has them: what the run logged per expert and step.
     */
    public Table experts(Run run) {
        Table table = Table.create(
                "experts", IntColumn.create("layer"), IntColumn.create("expert"), LongColumn.create("step"));
        return statistics(run, true, table, MetricNames.OF_EXPERT);
    }

    /**
     * Columns layer, step, router_entropy, confidence, dropped_fraction, max_violation, dead_experts: what the run
     * logged per layer and step.
     */
    public Table layers(Run run) {
        Table table = Table.create("layers", IntColumn.create("layer"), LongColumn.create("step"));
        return statistics(run, false, table, MetricNames.OF_LAYER);
    }

    private Table statistics(Run run, boolean perExpert, Table table, List<String> names) {
        names.forEach(name -> table.addColumns(DoubleColumn.create(name)));
        Map<List<Long>, Map<String, Double>> rows = new LinkedHashMap<>();
        for (String metric : run.metrics().keySet()) {
            RoutingMetric statistic = MetricNames.routing(metric).orElse(null);
            if (statistic == null || statistic.expert().isPresent() != perExpert) {
                continue;
            }
            List<Long> place = new ArrayList<>(List.of((long) statistic.layer()));
            statistic.expert().ifPresent(expert -> place.add((long) expert));
            history(run, metric).forEach((step, value) -> {
                List<Long> key = new ArrayList<>(place);
                key.add(step);
                rows.computeIfAbsent(key, k -> new LinkedHashMap<>()).put(statistic.quantity(), value);
            });
        }
        rows.forEach((key, values) -> {
            for (int i = 0; i < key.size(); i++) {
                if (table.column(i).type() == ColumnType.INTEGER) {
                    table.intColumn(i).append(Math.toIntExact(key.get(i)));
                } else {
                    table.longColumn(i).append(key.get(i));
                }
            }
            names.forEach(name -> table.doubleColumn(name).append(values.getOrDefault(name, Double.NaN)));
        });
        int places = table.columnCount() - names.size();
        names.stream()
                .filter(name -> MetricNames.NOT_IN_EVERY_RUN.contains(name)
                        && table.doubleColumn(name).isMissing().size() == table.rowCount())
                .forEach(table::removeColumns);
        String[] order = table.columnNames().subList(0, places).toArray(String[]::new);
        return table.isEmpty() ? table : table.sortAscendingOn(order);
    }

    /** Step to value, ascending; of two points at one step, the later counts. */
    NavigableMap<Long, Double> history(Run run, String metric) {
        NavigableMap<Long, Double> values = new TreeMap<>();
        for (MetricPoint point : source.history(run.runId(), metric)) {
            values.put(point.step(), point.value());
        }
        return values;
    }
}
