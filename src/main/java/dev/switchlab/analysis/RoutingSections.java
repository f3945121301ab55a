package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.BarChart;
import dev.switchlab.analysis.chart.HeatMap;
import dev.switchlab.analysis.chart.Palette;
import dev.switchlab.page.Html;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.train.RoutingTrace;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;

/** The part of a report that shows how the trained model routes a text. */
record RoutingSections(RoutingTrace trace, Table similarity, HtmlPage page) {

    /** A longer table is folded up. */
    private static final int MOST_ROWS = 12;

    /** @param length characters of the text that are shown */
    void write(int length) {
        RoutingTables tables = new RoutingTables(trace);
        page.heading("Routing of a text by the trained model")
                .text(
                        String.format(Locale.ROOT, "%,d characters.", trace.tokens())
                                + " Information: how much an expert's number tells of the kind of character, from 0 (nothing) to 1 (all).")
                .raw(Html.table(tables.layers()));
        Table experts = tables.experts();
        load(experts);
        Table kinds = tables.specialization();
        page.heading("What experts specialise in");
        page.figure(
                "specialization",
                matrix("What experts specialise in", "kind of character", "share", kinds, "class", "share"),
                "Of each kind of character (row), the share that goes to each expert (column). The shares of a layer sum to 1 along a row;"
                        + " a layer whose rows look alike does not tell the kinds apart.");
        page.raw(Html.folded(
                "Load and most frequent characters of each expert",
                experts.rowCount() <= MOST_ROWS,
                Html.table(experts)));
        page.heading("The text by expert")
                .text("The beginning of the text, each character on the colour of its expert"
                        + (trace.choices() > 1 ? ", its first choice" : "")
                        + ". Point at one to see the expert and, per character, the router's probability for it.")
                .raw(ColoredText.style(trace.nExperts()))
                .raw(ColoredText.key(trace.nExperts()));
        for (int layer = 0; layer < trace.layers().size(); layer++) {
            int number = trace.layers().get(layer).layer();
            page.raw(Html.folded("Layer " + number, layer == 0, ColoredText.layer(trace, layer, length)));
        }
        relations(tables.coactivation());
    }

    private void load(Table experts) {
        int nExperts = trace.nExperts();
        List<String> layers = names(
                trace.layers().size(),
                index -> "layer " + trace.layers().get(index).layer());
        double[][] load = new double[layers.size()][nExperts];
        for (int row = 0; row < experts.rowCount(); row++) {
            load[row / nExperts][row % nExperts] = experts.doubleColumn("load").getDouble(row);
        }
        String title = "Load of the experts on the text";
        String caption =
                "Share of the tokens' choices, top_k per token, that each layer sends to each of its experts. Even would be "
                        + String.format(Locale.ROOT, "%.3f", 1.0 / nExperts) + " each.";
        // More bars than colours cannot be told apart; a heat map tells them apart by place.
        if (nExperts > Palette.COLORS) {
            List<String> columns = names(nExperts, Integer::toString);
            page.figure("load-on-text", new HeatMap(title, "expert", "", "share", columns, layers, load), caption);
            return;
        }
        List<BarChart.Series> bars = IntStream.range(0, nExperts)
                .mapToObj(expert -> new BarChart.Series(
                        "expert " + expert,
                        Arrays.stream(load).mapToDouble(layer -> layer[expert]).toArray()))
                .toList();
        page.figure("load-on-text", new BarChart(title, "share of choices", layers, bars), caption);
    }

    private void relations(Table coactivation) {
        page.heading("Experts among each other");
        if (!coactivation.isEmpty()) {
            page.figure(
                    "co-activation",
                    matrix(
                            "Co-activation of experts in successive layers",
                            "expert of the next layer",
                            "share",
                            coactivation,
                            "next_expert",
                            "share"),
                    "Co-activation: of the tokens of each expert (column), the share that each expert of the next layer takes (row). A"
                            + " column sums to 1; even columns mean that a layer's choice says nothing about the next one's.");
        }
        page.figure(
                "expert-similarity",
                matrix("Similarity of expert weights", "other expert", "cosine", similarity, "other", "cosine"),
                "Cosine similarity of expert weights: each expert (column) with each expert of its layer (row). Experts that start identical"
                        + " stay near 1 until training tells them apart.");
    }

    /** A heat map with the experts of all layers across and {@code up} upwards. */
    private static HeatMap matrix(String title, String yTitle, String zTitle, Table table, String up, String value) {
        List<String> x = IntStream.range(0, table.rowCount())
                .mapToObj(row -> expertName(table, row))
                .distinct()
                .toList();
        List<String> y =
                table.column(up).asStringColumn().asList().stream().distinct().toList();
        double[][] z = new double[y.size()][x.size()];
        for (double[] row : z) {
            Arrays.fill(row, Double.NaN);
        }
        for (int row = 0; row < table.rowCount(); row++) {
            z[y.indexOf(table.getString(row, up))][x.indexOf(expertName(table, row))] =
                    table.doubleColumn(value).getDouble(row);
        }
        return new HeatMap(title, ExpertSections.EXPERT_AXIS, yTitle, zTitle, x, y, z);
    }

    private static String expertName(Table table, int row) {
        return ExpertSections.expertName(
                table.intColumn("layer").getInt(row), table.intColumn("expert").getInt(row));
    }

    private static List<String> names(int count, IntFunction<String> name) {
        return IntStream.range(0, count).mapToObj(name).toList();
    }
}
