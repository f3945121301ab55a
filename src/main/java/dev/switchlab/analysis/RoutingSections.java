package dev.switchlab.analysis;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;

/** The part of a report that shows how the trained model routes a text. */
record RoutingSections(RoutingTrace trace, Table similarity, HtmlPage page) {

    /**
     * @param length characters of the text that are shown
     */
    void write(int length) {
        RoutingTables tables = new RoutingTables(trace);
        page.heading("Routing of a text by the trained model")
                .text(
                        String.format(java.util.Locale.ROOT, "%,d characters.", trace.tokens())
                                + " Information: how much an expert's number tells of the kind of character, from 0 (nothing) to 1 (all).")
                .raw(Html.table(tables.layers()));
        load(tables.experts());
        Table kinds = tables.specialization();
        page.heading("What experts specialise in");
        page.figure(
                matrix(kinds, "layer", "expert", "class", "share"),
                "Of each kind of character, the share that goes to each expert of each layer.");
        page.raw(Html.table(tables.experts()));
        page.heading("The text by expert")
                .raw(ColoredText.style(trace.nExperts()))
                .raw(ColoredText.key(trace.nExperts()));
        for (int layer = 0; layer < trace.layers().size(); layer++) {
            page.raw("<details" + (layer == 0 ? " open" : "") + "><summary>Layer " + layer + "</summary>")
                    .raw(ColoredText.layer(trace, layer, length))
                    .raw("</details>\n");
        }
        relations(tables.coactivation());
    }

    private void load(Table experts) {
        String[] layers = names(trace.layers().size(), layer -> "layer " + layer);
        Map<String, double[]> bars = new LinkedHashMap<>();
        for (int expert = 0; expert < trace.nExperts(); expert++) {
            bars.put(
                    "expert " + expert,
                    experts.where(experts.intColumn("expert").isEqualTo(expert))
                            .doubleColumn("load")
                            .asDoubleArray());
        }
        page.figure(Figures.bars("", "share of tokens", true, layers, bars), "Load of the experts on this text.");
    }

    private void relations(Table coactivation) {
        page.heading("Experts among each other");
        if (!coactivation.isEmpty()) {
            page.figure(
                    matrix(coactivation, "layer", "expert", "next_expert", "share"),
                    "Co-activation: of the tokens of each expert (across), the share that each expert of the next layer takes (up).");
        }
        page.figure(
                matrix(similarity, "layer", "expert", "other", "cosine"),
                "Cosine similarity of expert weights: each expert (across) with each expert of its layer (up). Experts that start identical"
                        + " stay near 1 until training tells them apart.");
    }

    /** A heat map with the experts of all layers across and {@code up} upwards. */
    private static tech.tablesaw.plotly.components.Figure matrix(
            Table table, String layer, String expert, String up, String value) {
        List<String> x = IntStream.range(0, table.rowCount())
                .mapToObj(row -> ExpertSections.expertName(
                        table.intColumn(layer).getInt(row),
                        table.intColumn(expert).getInt(row)))
                .distinct()
                .toList();
        List<String> y = table.column(up).asStringColumn().unique().asList();
        double[][] z = new double[y.size()][x.size()];
        for (double[] row : z) {
            Arrays.fill(row, Double.NaN);
        }
        for (int row = 0; row < table.rowCount(); row++) {
            int column = x.indexOf(ExpertSections.expertName(
                    table.intColumn(layer).getInt(row), table.intColumn(expert).getInt(row)));
            z[y.indexOf(table.getString(row, up))][column] =
                    table.doubleColumn(value).getDouble(row);
        }
        Object[] labels = y.stream()
                .map(label -> label.matches("\\d+") ? "expert " + label : label)
                .toArray();
        return Figures.heatMap("", "", x.toArray(), labels, z);
    }

    private static String[] names(int count, IntFunction<String> name) {
        return IntStream.range(0, count).mapToObj(name).toArray(String[]::new);
    }
}
