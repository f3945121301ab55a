package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;
import tech.tablesaw.api.Table;

/** The curves of a comparison: a line and a band for each setting, in one colour throughout; means over layers. */
record ComparisonSections(Comparison comparison, HtmlPage page) {

    /** More lines cannot be told apart. */
    private static final int MOST_LINES = 8;

    void write() {
        page.heading("Learning curves");
        List<Setting> drawn = drawn();
        if (drawn.size() < comparison.settings().size()) {
            page.text("Of " + comparison.settings().size() + " settings, the " + (MOST_LINES - 1) + " with the least "
                    + comparison.metric() + " are drawn, and the baseline.");
        }
        if (drawn.stream().anyMatch(setting -> setting.bySeed().size() > 1)) {
            page.text(
                    "A line is the mean over the runs of a setting, its band reaches from the least to the greatest.");
        }
        metric(MetricNames.TRAIN_CROSS_ENTROPY, "training", "Training cross-entropy", "On the batch of each step.");
        metric(
                MetricNames.VALID + MetricNames.CROSS_ENTROPY,
                "validation",
                "Validation cross-entropy",
                "On the fixed sample of the validation split.");
        metric(
                MetricNames.TRAIN_LOAD_BALANCE,
                "load-balance",
                "Load-balancing loss",
                "Summed over layers: each adds 1 where its load is even.");
        experts();
    }

    private List<Setting> drawn() {
        return comparison.foremost(MOST_LINES);
    }

    private void metric(String metric, String slug, String title, String note) {
        lines(
                slug,
                title,
                metric.endsWith("balance") ? "loss" : "nats per character",
                note + " Lower is better.",
                run -> new RunTables(comparison.source()).history(run, metric));
    }

    private void experts() {
        Map<String, Table> layers = new LinkedHashMap<>();
        Map<String, Table> saturation = new LinkedHashMap<>();
        for (Setting setting : drawn()) {
            for (Run run : setting.bySeed().values()) {
                layers.put(run.runId(), new RunTables(comparison.source()).layers(run));
                saturation.put(
                        run.runId(),
                        RouterSaturation.of(comparison.source(), run).table());
            }
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
                "0 is an even load; the number of experts less 1 is one expert with all tokens.");
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
                "0 is a certain router, ln(number of experts) a uniform one.");
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

    private static NavigableMap<Long, Double> meanByStep(Table table, String column) {
        Map<Long, List<Double>> values = new TreeMap<>();
        table.forEach(row -> values.computeIfAbsent(row.getLong("step"), step -> new ArrayList<>())
                .add(row.getDouble(column)));
        NavigableMap<Long, Double> means = new TreeMap<>();
        values.forEach((step, all) -> means.put(
                step, all.stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
        return means;
    }

    /** A figure, unless no run has a value. A setting without values keeps its place, and so its colour. */
    private void lines(
            String slug, String title, String unit, String note, Function<Run, NavigableMap<Long, Double>> points) {
        Map<Setting, List<NavigableMap<Long, Double>>> histories = new LinkedHashMap<>();
        drawn().forEach(setting -> histories.put(
                setting, setting.bySeed().values().stream().map(points).toList()));
        List<NavigableMap<Long, Double>> all =
                histories.values().stream().flatMap(List::stream).toList();
        if (all.stream().flatMap(history -> history.values().stream()).noneMatch(Double::isFinite)) {
            return;
        }
        long together = SettingCurve.stepsPerPoint(all);
        List<LineChart.Line> lines = new ArrayList<>();
        histories.forEach((setting, own) -> lines.add(SettingCurve.of(setting.label(), own, together)));
        String averaged = together > 1 ? " Each point is the mean of " + together + " steps." : "";
        page.figure(slug, new LineChart(title, "step", unit, lines), note + averaged);
    }
}
