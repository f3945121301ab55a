package dev.switchlab.analysis;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import tech.tablesaw.api.DoubleColumn;
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
        return statistics("experts", run, true, MetricNames.OF_EXPERT);
    }

    /**
     * Columns layer, step, router_entropy, confidence, dropped_fraction, max_violation, dead_experts: what the run
     * logged per layer and step.
     */
    public Table layers(Run run) {
        return statistics("layers", run, false, MetricNames.OF_LAYER);
    }

    private record Place(int layer, int expert, long step) {}

    private Table statistics(String title, Run run, boolean perExpert, List<String> names) {
        Map<Place, Map<String, Double>> values = new TreeMap<>(
                Comparator.comparing(Place::layer).thenComparing(Place::expert).thenComparing(Place::step));
        for (String metric : run.metrics().keySet()) {
            MetricNames.routing(metric)
                    .filter(statistic -> statistic.expert().isPresent() == perExpert)
                    .ifPresent(statistic -> history(run, metric)
                            .forEach((step, value) -> values.computeIfAbsent(
                                            new Place(
                                                    statistic.layer(),
                                                    statistic.expert().orElse(0),
                                                    step),
                                            place -> new HashMap<>())
                                    .put(statistic.quantity(), value)));
        }
        Rows<Place> rows = new Rows<>(List.copyOf(values.keySet()));
        Table table = Table.create(title, rows.count("layer", Place::layer));
        if (perExpert) {
            table.addColumns(rows.count("expert", Place::expert));
        }
        table.addColumns(rows.steps("step", Place::step));
        for (String name : names) {
            DoubleColumn column = rows.number(name, place -> values.get(place).getOrDefault(name, Double.NaN));
            boolean isInRun = column.countMissing() < column.size();
            if (isInRun || !MetricNames.NOT_IN_EVERY_RUN.contains(name)) {
                table.addColumns(column);
            }
        }
        return table;
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
