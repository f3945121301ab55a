package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tech.tablesaw.api.Table;

/** The curves of a comparison: a line and a band for each setting, in one color throughout; means over layers. */
record ComparisonSections(Comparison comparison, HtmlPage page) {

    /** More lines cannot be told apart. */
    private static final int MOST_LINES = 8;
    /** More points along a line show the noise of single batches. */
    private static final int MOST_POINTS = 100;

    void write() {
        page.heading("Learning curves");
        List<Setting> drawn = drawn();
        if (drawn.size() < comparison.settings().size()) {
            page.text("Of " + comparison.settings().size() + " settings, the " + (MOST_LINES - 1) + " with the least "
                    + Comparison.words(comparison.metric()) + " are drawn, and the baseline.");
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
                metric.endsWith("balance") ? "loss" : comparison.unit(),
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
        return table.stream()
                .collect(Collectors.groupingBy(
                        row -> row.getLong("step"),
                        TreeMap::new,
                        Collectors.averagingDouble(row -> row.getDouble(column))));
    }

    /** A figure, unless no run has a value. A setting without values keeps its place, and so its color. */
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
        long together = stepsPerPoint(all);
        List<LineChart.Line> lines = new ArrayList<>();
        histories.forEach((setting, own) -> lines.add(line(setting.label(), own, together)));
        String averaged = together > 1 ? " Each point is the mean of " + together + " steps." : "";
        page.figure(slug, new LineChart(title, "step", unit, lines), note + averaged);
    }

    /**
     * The number of steps that are averaged into one point: 1, or a round number if there are too many points.
     *
     * @param histories step to value, of all runs that are drawn together
     */
    static long stepsPerPoint(List<? extends NavigableMap<Long, Double>> histories) {
        TreeSet<Long> steps = new TreeSet<>();
        histories.forEach(history -> steps.addAll(history.keySet()));
        if (steps.size() <= MOST_POINTS) {
            return 1;
        }
        long span = steps.last() - steps.first() + 1;
        for (long power = 1; ; power *= 10) {
            for (long round : new long[] {power, 2 * power, 5 * power}) {
                if (round > 1 && span <= round * MOST_POINTS) {
                    return round;
                }
            }
        }
    }

    /**
     * The line of a setting: the means over its runs, in a band from the least to the greatest. The line ends with the
     * shortest run, so that all its points are means of the same runs.
     *
     * @param name for the legend
     * @param histories step to value, of each of its runs; empty ones are ignored
     */
    static LineChart.Line line(String name, List<? extends NavigableMap<Long, Double>> histories, long stepsPerPoint) {
        List<Map<Long, Point>> runs = histories.stream()
                .filter(history -> !history.isEmpty())
                .map(history -> points(history, stepsPerPoint))
                .toList();
        TreeSet<Long> common = new TreeSet<>();
        runs.stream().limit(1).forEach(run -> common.addAll(run.keySet()));
        runs.forEach(run -> common.retainAll(run.keySet()));
        List<List<Point>> points = common.stream()
                .map(key -> runs.stream().map(run -> run.get(key)).toList())
                .toList();
        double[] x = along(points, of -> of.mapToDouble(Point::step).average());
        double[] y = along(points, of -> of.mapToDouble(Point::value).average());
        return runs.size() == 1
                ? new LineChart.Line(name, x, y)
                : new LineChart.Line(
                        name,
                        x,
                        y,
                        along(points, of -> of.mapToDouble(Point::value).min()),
                        along(points, of -> of.mapToDouble(Point::value).max()));
    }

    /** Means of a run, by the number of the point. */
    private static Map<Long, Point> points(NavigableMap<Long, Double> history, long stepsPerPoint) {
        Map<Long, List<Map.Entry<Long, Double>>> groups = history.entrySet().stream()
                .collect(Collectors.groupingBy(point -> Math.floorDiv(point.getKey() - 1, stepsPerPoint)));
        Map<Long, Point> points = new HashMap<>();
        groups.forEach((key, group) -> points.put(
                key,
                new Point(
                        group.stream().collect(Collectors.averagingLong(Map.Entry::getKey)),
                        group.stream().collect(Collectors.averagingDouble(Map.Entry::getValue)))));
        return points;
    }

    private static double[] along(List<List<Point>> points, Function<Stream<Point>, OptionalDouble> statistic) {
        return points.stream()
                .mapToDouble(of -> statistic.apply(of.stream()).orElseThrow())
                .toArray();
    }

    private record Point(double step, double value) {}
}
