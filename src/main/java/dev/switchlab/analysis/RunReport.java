package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.WholeFile;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.runs.Run;
import dev.switchlab.train.RoutingTrace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tech.tablesaw.api.Table;

/**
 * One run as one self-contained HTML page: losses, experts over time, the routing of a text, the sample, the
 * provenance.
 */
public final class RunReport {

    private static final int CHARACTERS_SHOWN = 1000;

    private final Run run;
    private final RunTables tables;
    private final RouterSaturation saturation;
    private final RoutingTrace trace;
    private final Table similarity;
    private final Optional<String> sample;

    /**
     * @param run the run
     * @param source where its metrics and artifacts are
     * @param trace its model's routing of a text
     * @param similarity what {@link ExpertSimilarity#of} says of its model
     * @param sample text that its model wrote
     */
    public RunReport(Run run, RunSource source, RoutingTrace trace, Table similarity, Optional<String> sample) {
        this.run = run;
        this.tables = new RunTables(source);
        this.saturation = RouterSaturation.of(source, run);
        this.trace = trace;
        this.similarity = similarity;
        this.sample = sample;
    }

    /**
     * Writes the page to {@code file}, whole or not at all.
     *
     * @return its figures as SVG drawings that stand alone, by slug, such as "losses"
     */
    public Map<String, String> write(Path file) throws IOException {
        HtmlPage page = page();
        WholeFile.write(file, page.render());
        return page.pictures();
    }

    /** What MLflow's own pages show of the run beside this page. */
    public MlflowArtifacts forMlflow() {
        return trace.layers().isEmpty()
                ? MlflowArtifacts.none()
                : MlflowArtifacts.of(run.runId(), run.start(), saturation.loads(), trace);
    }

    private HtmlPage page() {
        HtmlPage page = new HtmlPage(run.name());
        RunFacts facts = new RunFacts(run, page);
        facts.summary();
        losses(page);
        if (trace.layers().isEmpty()) {
            page.heading("Experts").text("This model is dense: it has no router and no experts.");
        } else {
            new ExpertSections(run, tables, page).write();
            new SaturationSection(saturation, page).write();
            new RoutingSections(trace, similarity, page).write(CHARACTERS_SHOWN);
        }
        sample.ifPresent(text -> page.heading("Sample").verbatim(text));
        facts.provenance();
        return page;
    }

    private void losses(HtmlPage page) {
        Map<String, String> wanted = new LinkedHashMap<>();
        wanted.put(MetricNames.TRAIN_CROSS_ENTROPY, "training");
        wanted.put(MetricNames.VALID + MetricNames.CROSS_ENTROPY, "validation");
        page.heading("Losses");
        lines(
                page,
                "losses",
                wanted,
                "Cross-entropy over training",
                "nats per character",
                "Cross-entropy by step: on the training batch of the step, and on batches of the validation text. Lower is better; validation"
                        + " rising while training falls is overfitting.");
        if (trace.layers().isEmpty()) {
            return; // a dense model's is 0 throughout
        }
        lines(
                page,
                "load-balancing-loss",
                Map.of(MetricNames.TRAIN_LOAD_BALANCE, "load balance"),
                "Load-balancing loss over training",
                "loss",
                "Load-balancing loss, summed over layers: each layer adds 1 where its load is even and up to the number of experts where one"
                        + " expert takes all.");
    }

    private void lines(
            HtmlPage page, String slug, Map<String, String> metrics, String title, String unit, String caption) {
        Table histories = tables.histories(List.of(run), metrics::containsKey);
        List<LineChart.Line> lines = new ArrayList<>();
        metrics.forEach((metric, name) -> {
            Table own = histories.where(histories.stringColumn("metric").isEqualTo(metric));
            if (!own.isEmpty()) {
                lines.add(new LineChart.Line(
                        name,
                        own.longColumn("step").asDoubleArray(),
                        own.doubleColumn("value").asDoubleArray()));
            }
        });
        if (!lines.isEmpty()) {
            page.figure(slug, new LineChart(title, "step", unit, lines), caption);
        }
    }
}
