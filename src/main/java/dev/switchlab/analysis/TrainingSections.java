package dev.switchlab.analysis;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.runs.Run;
import java.util.List;
import java.util.Map;
import tech.tablesaw.api.Table;

/** The part of a report that shows the training: losses, experts, and when routing settled. */
record TrainingSections(Run run, RunTables tables, HtmlPage page) {

    void losses(boolean isDense) {
        page.heading("Losses");
        metrics(
                "losses",
                Map.of(
                        MetricNames.TRAIN_CROSS_ENTROPY,
                        "training",
                        MetricNames.VALID + MetricNames.CROSS_ENTROPY,
                        "validation"),
                "Cross-entropy over training",
                "nats per character",
                "Cross-entropy by step: on the training batch of the step, and on batches of the validation text. Lower is"
                        + " better; validation rising while training falls is overfitting.");
        if (!isDense) { // a dense model's is 0 throughout
            metrics(
                    "load-balancing-loss",
                    Map.of(MetricNames.TRAIN_LOAD_BALANCE, "load balance"),
                    "Load-balancing loss over training",
                    "loss",
                    "Load-balancing loss, summed over layers: each layer adds 1 where its load is even and up to the number"
                            + " of experts where one expert takes all.");
        }
    }

    /** @param names of the lines, by metric */
    private void metrics(String slug, Map<String, String> names, String title, String unit, String caption) {
        Table histories = tables.histories(List.of(run), names::containsKey);
        if (!histories.isEmpty()) {
            page.figure(
                    slug,
                    TableCharts.bySteps(title, unit, histories, row -> names.get(row.getString("metric")), "value"),
                    caption);
        }
    }

    void experts() {
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
                "Load: share of the tokens' choices, top_k per token, that the router sends to each expert, before"
                        + " dropping. One row per expert, training from left to right. Even would be 1 over the number of"
                        + " experts; a bright row takes more than its share, a dark one is starving.");
        overTime(
                experts,
                "utilization",
                "Utilization of each expert's capacity over training",
                "kept / capacity",
                "Utilization: choices that each expert keeps, over its capacity. At 1 an expert is full, and further"
                        + " choices are dropped.");
        byLayer(
                "max-violation",
                layers,
                "max_violation",
                "Imbalance of the load over training",
                "max load / mean load - 1",
                "Imbalance: how far the fullest expert's load is above the mean. 0 is even; the number of experts less 1 is"
                        + " one expert that takes all.");
        byLayer(
                "dropped-share",
                layers,
                "dropped_fraction",
                "Dropped tokens over training",
                "share of choices",
                "Share of the tokens' choices that are dropped, because their expert was full. 0 throughout where dropping"
                        + " is off.");
        byLayer(
                "router-entropy",
                layers,
                "router_entropy",
                "Router entropy over training",
                "nats",
                "Router entropy, mean over tokens: 0 is a router that is sure, ln(number of experts) one that guesses.");
        byLayer(
                "router-confidence",
                layers,
                "confidence",
                "Router confidence over training",
                "probability",
                "Confidence: mean probability of the chosen expert, from 1 over the number of experts (a guess) to 1.");
    }

    /** A heat map: experts of all layers by step. */
    private void overTime(Table experts, String statistic, String title, String unit, String caption) {
        page.figure(
                statistic + "-over-time",
                TableCharts.heatMap(
                        title,
                        "step",
                        TableCharts.EXPERT_AXIS,
                        unit,
                        experts.sortAscendingOn("step", "layer", "expert"),
                        row -> Long.toString(row.getLong("step")),
                        TableCharts::expert,
                        statistic),
                caption);
    }

    private void byLayer(String slug, Table layers, String statistic, String title, String unit, String caption) {
        page.figure(slug, TableCharts.bySteps(title, unit, layers, TableCharts::layer, statistic), caption);
    }

    void saturation(RouterSaturation saturation) {
        page.heading("When routing settled");
        Table table = saturation.table();
        if (table.isEmpty()) {
            page.text(saturation.note() + ".");
            return;
        }
        byLayer(
                "router-saturation",
                table,
                "saturation",
                "Router saturation over training",
                "share of tokens",
                "Share of tokens that go to the same expert as at the end: " + saturation.note()
                        + ". Step 0 is the model before training; by chance alone it would be about "
                        + HtmlPage.number(table.doubleColumn("chance").mean()) + ".");
        byLayer(
                "routing-unchanged",
                table.where(table.doubleColumn("unchanged").isNotMissing()),
                "unchanged",
                "Routing that stays from one look to the next",
                "share of tokens",
                "Share of the tokens that go to the same expert as at the look before. Near 1, the experts keep their"
                        + " tokens.");
    }
}
