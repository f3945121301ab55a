package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.BarChart;
import dev.switchlab.analysis.chart.Chart;
import dev.switchlab.analysis.chart.HeatMap;
import dev.switchlab.analysis.chart.Palette;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.page.Markup;
import dev.switchlab.train.RoutingTrace;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.IntStream;
import tech.tablesaw.api.Row;
import tech.tablesaw.api.Table;

/** The part of a report that shows how the trained model routes a text. */
record RoutingSections(RoutingTrace trace, Table similarity, HtmlPage page) {

    /** A longer table is folded up. */
    private static final int MOST_ROWS = 12;
    /** Of the colored text. */
    private static final int CHARACTERS_SHOWN = 1000;
    /** Distinguish experts of one color. */
    private static final List<String> LINES = List.of("solid", "dotted", "dashed", "double");

    void write() {
        RoutingTables tables = new RoutingTables(trace);
        Table experts = tables.experts();
        page.heading("Routing of a text by the trained model")
                .text(String.format(Locale.ROOT, "%,d characters.", trace.tokens())
                        + " Information: how much an expert's number tells of the kind of character, from 0 (nothing)"
                        + " to 1 (all).")
                .table(tables.layers());
        page.figure(
                "load-on-text",
                load(experts),
                "Share of the tokens' choices, top_k per token, that each layer sends to each of its experts. Even would"
                        + " be " + String.format(Locale.ROOT, "%.3f", 1.0 / trace.nExperts()) + " each.");
        page.heading("What experts specialize in")
                .figure(
                        "specialization",
                        byExpert(
                                "What experts specialize in",
                                "kind of character",
                                "share",
                                tables.specialization(),
                                row -> row.getString("class")),
                        "Of each kind of character (row), the share that goes to each expert (column). The shares of a"
                                + " layer sum to 1 along a row; a layer whose rows look alike does not tell the kinds"
                                + " apart.")
                .folded(
                        "Load and most frequent characters of each expert",
                        experts.rowCount() <= MOST_ROWS,
                        () -> page.table(experts));
        text();
        relations(tables.coactivation());
    }

    /** More bars than colors cannot be told apart; a heat map tells them apart by place. */
    private Chart load(Table experts) {
        HeatMap load = TableCharts.heatMap(
                "Load of the experts on the text",
                "expert",
                "",
                "share",
                experts,
                row -> Integer.toString(row.getInt("expert")),
                TableCharts::layer,
                "load");
        if (trace.nExperts() > Palette.COLORS) {
            return load;
        }
        List<BarChart.Series> bars = IntStream.range(0, trace.nExperts())
                .mapToObj(expert -> new BarChart.Series(
                        "expert " + expert,
                        IntStream.range(0, load.z().length)
                                .mapToDouble(layer -> load.z()[layer][expert])
                                .toArray()))
                .toList();
        return new BarChart(load.title(), "share of choices", load.y(), bars);
    }

    private void text() {
        page.style(style(trace.nExperts()))
                .heading("The text by expert")
                .text("The beginning of the text, each character on the color of its expert"
                        + (trace.choices() > 1 ? ", its first choice" : "")
                        + ". Point at one to see the expert and, per character, the router's probability for it.")
                .raw(key(trace.nExperts()));
        for (int layer = 0; layer < trace.layers().size(); layer++) {
            String html = coloredText(trace, layer, CHARACTERS_SHOWN);
            page.folded("Layer " + trace.layers().get(layer).layer(), layer == 0, () -> page.raw(html));
        }
    }

    private void relations(Table coactivation) {
        page.heading("Experts among each other");
        if (!coactivation.isEmpty()) {
            page.figure(
                    "co-activation",
                    byExpert(
                            "Co-activation of experts in successive layers",
                            "expert of the next layer",
                            "share",
                            coactivation,
                            row -> Integer.toString(row.getInt("next_expert"))),
                    "Co-activation: of the tokens of each expert (column), the share that each expert of the next"
                            + " layer takes (row). A column sums to 1; even columns mean that a layer's choice says"
                            + " nothing about the next one's.");
        }
        page.figure(
                "expert-similarity",
                byExpert(
                        "Similarity of expert weights",
                        "other expert",
                        "cosine",
                        similarity,
                        row -> Integer.toString(row.getInt("other"))),
                "Cosine similarity of expert weights: each expert (column) with each expert of its layer (row)."
                        + " Experts that start identical stay near 1 until training tells them apart.");
    }

    /** A heat map of the column {@code value}, with the experts of all layers across. */
    private static HeatMap byExpert(String title, String yTitle, String value, Table table, Function<Row, String> y) {
        return TableCharts.heatMap(title, TableCharts.EXPERT_AXIS, yTitle, value, table, TableCharts::expert, y, value);
    }

    /** The CSS of {@code nExperts} experts. */
    private static String style(int nExperts) {
        StringBuilder css = new StringBuilder();
        for (int e = 0; e < nExperts; e++) {
            String line = e < Palette.COLORS
                    ? ""
                    : ";border-bottom:2px " + LINES.get((e / Palette.COLORS - 1) % LINES.size()) + " #222";
            css.append(".e" + e + "{background:" + Palette.background(e) + line + "}");
        }
        return css.toString();
    }

    /** Which color is which expert. */
    private static String key(int nExperts) {
        Markup html = new Markup().open("p");
        for (int e = 0; e < nExperts; e++) {
            html.element("span", "expert " + e, "class", "key e" + e);
        }
        html.open("span", "class", "key").element("s", "dropped").close();
        return html.close().text("\n").toString();
    }

    /**
     * The first {@code length} characters as HTML, each on the color of the expert that one layer chooses first for it;
     * a dropped one is struck through. Pointing at a run of characters that share an expert shows the expert and, per
     * character, the router's probability for the expert in percent.
     */
    static String coloredText(RoutingTrace trace, int layer, int length) {
        RoutingTrace.Layer routing = trace.layers().get(layer);
        int end = Math.min(length, trace.tokens());
        Markup html = new Markup().open("pre", "class", "routed");
        for (int from = 0, to; from < end; from = to) {
            to = endOfRun(trace, routing, from, end);
            int expert = routing.expert()[trace.firstPair(from)];
            boolean isDropped = routing.dropped()[trace.firstPair(from)];
            StringBuilder probabilities = new StringBuilder();
            StringBuilder characters = new StringBuilder();
            for (int token = from; token < to; token++) {
                probabilities
                        .append(Math.round(100 * routing.probability()[trace.firstPair(token)]))
                        .append(' ');
                characters.append(trace.text()[token] == '\n' ? "⏎\n" : Character.toString(trace.text()[token]));
            }
            html.element(
                    "i",
                    characters.toString(),
                    "class title",
                    "e" + expert + (isDropped ? " d" : ""),
                    expert + (isDropped ? ", dropped: " : ": ") + probabilities + "%");
        }
        return html.close().text("\n").toString();
    }

    private static int endOfRun(RoutingTrace trace, RoutingTrace.Layer routing, int from, int end) {
        int first = trace.firstPair(from);
        int to = from + 1;
        while (to < end
                && routing.expert()[trace.firstPair(to)] == routing.expert()[first]
                && routing.dropped()[trace.firstPair(to)] == routing.dropped()[first]) {
            to++;
        }
        return to;
    }
}
