package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.HeatMap;
import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tech.tablesaw.api.Table;

/** The part of a report that shows experts over training, from what the run logged. */
record ExpertSections(Run run, RunTables tables, HtmlPage page) {

    /** What {@link #expertName} shows. */
    static final String EXPERT_AXIS = "layer·expert";

    void write() {
        Table experts = tables.experts(run);
        Table layers = tables.layers(run);
        page.heading("Experts while training");
        if (experts.isEmpty() || layers.isEmpty()) {
            page.text("The run logged no expert statistics.");
            return;
        }
        overTime(
                experts,
                "load",
                "Load of each expert over training",
                "share of choices",
                "Load: share of the tokens' choices, top_k per token, that the router sends to each expert, before dropping. One row"
                        + " per expert, training from left to right. Even would be 1 over the number of experts; a bright row takes more than its share, a"
                        + " dark one is starving.");
        overTime(
                experts,
                "utilization",
                "Utilization of each expert's capacity over training",
                "kept / capacity",
                "Utilization: choices that each expert keeps, over its capacity. At 1 an expert is full, and what comes beyond is dropped.");
        byLayer(
                layers,
                "max_violation",
                "max-violation",
                "Imbalance of the load over training",
                "max load / mean load - 1",
                "Imbalance: how far the fullest expert's load is above the mean. 0 is even; the number of experts less 1 is one expert that"
                        + " takes all.");
        byLayer(
                layers,
                "dropped_fraction",
                "dropped-share",
                "Dropped tokens over training",
                "share of choices",
                "Share of the tokens' choices that are dropped, because their expert was full. 0 throughout where dropping is off.");
        byLayer(
                layers,
                "router_entropy",
                "router-entropy",
                "Router entropy over training",
                "nats",
                "Router entropy, mean over tokens: 0 is a router that is sure, ln(number of experts) one that guesses.");
        byLayer(
                layers,
                "confidence",
                "router-confidence",
                "Router confidence over training",
                "probability",
                "Confidence: mean probability of the chosen expert, from 1 over the number of experts (a guess) to 1.");
    }

    /** A heat map: experts of all layers by step. */
    private void overTime(Table experts, String statistic, String title, String unit, String caption) {
        long[] steps = Arrays.stream(experts.longColumn("step").asLongArray())
                .sorted()
                .distinct()
                .toArray();
        List<String> names = IntStream.range(0, experts.rowCount())
                .mapToObj(row -> expertName(
                        experts.intColumn("layer").getInt(row),
                        experts.intColumn("expert").getInt(row)))
                .distinct()
                .toList();
        double[][] z = new double[names.size()][steps.length];
        for (double[] row : z) {
            Arrays.fill(row, Double.NaN);
        }
        for (int row = 0; row < experts.rowCount(); row++) {
            int y = names.indexOf(expertName(
                    experts.intColumn("layer").getInt(row),
                    experts.intColumn("expert").getInt(row)));
            int x = Arrays.binarySearch(steps, experts.longColumn("step").getLong(row));
            z[y][x] = experts.doubleColumn(statistic).getDouble(row);
        }
        List<String> x = Arrays.stream(steps).mapToObj(Long::toString).toList();
        page.figure(statistic + "-over-time", new HeatMap(title, "step", EXPERT_AXIS, unit, x, names, z), caption);
    }

    private void byLayer(Table layers, String statistic, String slug, String title, String unit, String caption) {
        List<LineChart.Line> lines = new ArrayList<>();
        Stream.of(layers.intColumn("layer").asObjectArray()).distinct().sorted().forEach(layer -> {
            Table own = layers.where(layers.intColumn("layer").isEqualTo(layer));
            lines.add(new LineChart.Line(
                    "layer " + layer,
                    own.longColumn("step").asDoubleArray(),
                    own.doubleColumn(statistic).asDoubleArray()));
        });
        page.figure(slug, new LineChart(title, "step", unit, lines), caption);
    }

    /** Short enough for an axis. */
    static String expertName(int layer, int expert) {
        return layer + "·" + expert;
    }
}
