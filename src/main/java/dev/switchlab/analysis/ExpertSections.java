package dev.switchlab.analysis;

import dev.switchlab.tracking.TrackedRun;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tech.tablesaw.api.Table;

/** The part of a report that shows experts over training, from what the run logged. */
record ExpertSections(TrackedRun run, RunTables tables, HtmlPage page) {

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
                "Load: share of the layer's tokens that the router sends to each expert, before dropping."
                        + " Even would be 1 over the number of experts.");
        overTime(experts, "utilization", "Utilization: tokens that each expert keeps, over its capacity.");
        byLayer(layers, "dropped_fraction", "share", "Share of each layer's tokens that are dropped.");
        byLayer(
                layers,
                "router_entropy",
                "nats",
                "Router entropy: 0 is a router that is sure, ln(experts) one that guesses.");
        byLayer(layers, "confidence", "probability", "Confidence: mean probability of the chosen expert.");
    }

    /** A heat map: experts of all layers by step. */
    private void overTime(Table experts, String statistic, String caption) {
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
        Object[] x = Arrays.stream(steps).boxed().toArray();
        page.figure(Figures.heatMap("step", "", x, names.toArray(), z), caption);
    }

    private void byLayer(Table layers, String statistic, String unit, String caption) {
        Map<String, Figures.Points> lines = new LinkedHashMap<>();
        Stream.of(layers.intColumn("layer").asObjectArray()).distinct().sorted().forEach(layer -> {
            Table own = layers.where(layers.intColumn("layer").isEqualTo(layer));
            lines.put(
                    "layer " + layer,
                    new Figures.Points(
                            own.longColumn("step").asDoubleArray(),
                            own.doubleColumn(statistic).asDoubleArray()));
        });
        page.figure(Figures.lines("step", unit, lines), caption);
    }

    /** Short enough for an axis. */
    static String expertName(int layer, int expert) {
        return "layer " + layer + " · " + expert;
    }
}
