package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import tech.tablesaw.api.Table;

/**
 * The figures of a comparison: one line per run, in the same colour throughout; statistics of layers as their mean.
 *
 * @param comparison its runs are in the order of the colours
 * @param source where their metrics and artifacts are
 * @param page where the figures go
 */
record ComparisonSections(RunComparison comparison, RunSource source, HtmlPage page) {

    private static final Set<String> LOSSES = Set.of(
            MetricNames.TRAIN_CROSS_ENTROPY,
            MetricNames.VALID + MetricNames.CROSS_ENTROPY,
            MetricNames.TRAIN_LOAD_BALANCE);

    void write() {
        page.heading("Learning curves");
        Table histories = new RunTables(source).histories(comparison.runs(), LOSSES::contains);
        metric(
                histories,
                MetricNames.TRAIN_CROSS_ENTROPY,
                "training",
                "Training cross-entropy",
                "On the batch of each step.");
        metric(
                histories,
                MetricNames.VALID + MetricNames.CROSS_ENTROPY,
                "validation",
                "Validation cross-entropy",
                "On the fixed sample of the validation split.");
        metric(
                histories,
                MetricNames.TRAIN_LOAD_BALANCE,
                "load-balance",
                "Load-balancing loss",
                "Summed over layers: each adds 1 where its load is even.");
        experts();
    }

    private void metric(Table histories, String metric, String slug, String title, String note) {
        lines(
                slug,
                title,
                metric.endsWith("balance") ? "loss" : "nats per character",
                note + " Lower is better.",
                run -> {
                    Table own = histories.where(histories
                            .stringColumn("run")
                            .isEqualTo(run.runId())
                            .and(histories.stringColumn("metric").isEqualTo(metric)));
                    Map<Long, Double> byStep = new TreeMap<>();
                    own.forEach(row -> byStep.put(row.getLong("step"), row.getDouble("value")));
                    return byStep;
                });
    }

    private void experts() {
        Map<String, Table> layers = new TreeMap<>();
        Map<String, Table> saturation = new TreeMap<>();
        for (Run run : comparison.runs()) {
            layers.put(run.runId(), new RunTables(source).layers(run));
            saturation.put(run.runId(), RouterSaturation.of(source, run).table());
        }
        page.heading("Experts");
        if (layers.values().stream().allMatch(Table::isEmpty)) {
            page.text("None of these runs logged expert statistics.");
            return;
        }
        statistic(
                layers,
                "max_violation",
                "max-violation",
                "Imbalance of the load",
                "max load / mean load - 1",
                "0 is an even load; the number of experts less 1 is one expert that takes all.");
        statistic(
                layers,
                "dropped_fraction",
                "dropped-share",
                "Dropped tokens",
                "share of choices",
                "Choices, top_k per token, whose expert was full.");
        statistic(
                layers,
                "router_entropy",
                "router-entropy",
                "Router entropy",
                "nats",
                "0 is a router that is sure, ln(number of experts) one that guesses.");
        statistic(
                layers,
                "confidence",
                "router-confidence",
                "Router confidence",
                "probability",
                "Mean probability of the chosen expert.");
        statistic(
                saturation,
                "saturation",
                "router-saturation",
                "Router saturation",
                "share of tokens",
                "Tokens of a fixed text that go to the expert that they go to at the end of their run.");
    }

    private void statistic(
            Map<String, Table> tables, String column, String slug, String title, String unit, String note) {
        lines(slug, title, unit, note + " Mean over layers.", run -> meanByStep(tables.get(run.runId()), column));
    }

    private static Map<Long, Double> meanByStep(Table table, String column) {
        Map<Long, List<Double>> values = new TreeMap<>();
        table.forEach(row -> values.computeIfAbsent(row.getLong("step"), step -> new ArrayList<>())
                .add(row.getDouble(column)));
        Map<Long, Double> means = new TreeMap<>();
        values.forEach((step, all) -> means.put(
                step, all.stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
        return means;
    }

    /** A figure, unless no run has a point. A run without one still takes its place, so that colours stay with their runs. */
    private void lines(String slug, String title, String unit, String note, Function<Run, Map<Long, Double>> points) {
        List<LineChart.Line> lines = new ArrayList<>();
        for (Run run : comparison.runs()) {
            Map<Long, Double> byStep = points.apply(run);
            lines.add(new LineChart.Line(
                    comparison.letter(run) + " " + RunComparison.shortId(run) + " " + run.name(),
                    byStep.keySet().stream().mapToDouble(Long::doubleValue).toArray(),
                    byStep.values().stream().mapToDouble(Double::doubleValue).toArray()));
        }
        if (lines.stream().anyMatch(line -> line.x().length > 0)) {
            page.figure(slug, new LineChart(title, "step", unit, lines), note);
        }
    }
}
