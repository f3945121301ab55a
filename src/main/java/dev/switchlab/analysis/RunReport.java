package dev.switchlab.analysis;

import dev.switchlab.tracking.TrackedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** One run as one self-contained HTML page: losses, experts over time, the routing of a text, the sample, parameters. */
public final class RunReport {

    private static final int CHARACTERS_SHOWN = 1500;

    private final TrackedRun run;
    private final RunTables tables;
    private final RoutingTrace trace;
    private final Table similarity;
    private final Optional<String> sample;

    /**
     * @param run the run
     * @param source where its metrics are
     * @param trace its model's routing of a text
     * @param similarity what {@link ExpertSimilarity#of} says of its model
     * @param sample text that its model wrote
     */
    public RunReport(TrackedRun run, RunSource source, RoutingTrace trace, Table similarity, Optional<String> sample) {
        this.run = run;
        this.tables = new RunTables(source);
        this.trace = trace;
        this.similarity = similarity;
        this.sample = sample;
    }

    /** Writes the page to {@code file}, whole or not at all. */
    public void write(Path file) throws IOException {
        ReportFiles.write(file, html());
    }

    private String html() throws IOException {
        HtmlPage page = new HtmlPage(run.name());
        page.raw(Html.table(summary()));
        losses(page);
        if (trace.layers().isEmpty()) {
            page.heading("Experts").text("This model is dense: it has no router and no experts.");
        } else {
            new ExpertSections(run, tables, page).write();
            new RoutingSections(trace, similarity, page).write(CHARACTERS_SHOWN);
        }
        sample.ifPresent(text -> page.heading("Sample").verbatim(text));
        page.heading("Parameters").raw(Html.table(pairs("parameter", "value", run.params())));
        page.heading("Tags").raw(Html.table(pairs("tag", "value", run.tags())));
        return page.render();
    }

    private Table summary() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("run", run.runId());
        facts.put("experiment", run.experiment());
        facts.put("status", run.status());
        facts.put("started", run.start().toString());
        for (String metric : RunComparison.METRICS) {
            if (run.metrics().containsKey(metric)) {
                facts.put(metric, Html.number(run.metrics().get(metric)));
            }
        }
        return pairs("", "value", facts);
    }

    private void losses(HtmlPage page) {
        Map<String, String> wanted = new LinkedHashMap<>();
        wanted.put("train/cross_entropy", "training");
        wanted.put("valid/cross_entropy", "validation");
        page.heading("Losses");
        lines(page, wanted, "nats per character", "Cross-entropy by step.");
        lines(page, Map.of("train/load_balance", "load balance"), "loss", "Load-balancing loss, summed over layers.");
    }

    private void lines(HtmlPage page, Map<String, String> metrics, String unit, String caption) {
        Table histories = tables.histories(List.of(run), metrics::containsKey);
        Map<String, Figures.Points> lines = new LinkedHashMap<>();
        metrics.forEach((metric, name) -> {
            Table own = histories.where(histories.stringColumn("metric").isEqualTo(metric));
            if (!own.isEmpty()) {
                lines.put(
                        name,
                        new Figures.Points(
                                own.longColumn("step").asDoubleArray(),
                                own.doubleColumn("value").asDoubleArray()));
            }
        });
        if (!lines.isEmpty()) {
            page.figure(Figures.lines("step", unit, lines), caption);
        }
    }

    private static Table pairs(String key, String value, Map<String, String> entries) {
        Table table = Table.create("pairs", StringColumn.create(key), StringColumn.create(value));
        new LinkedHashMap<>(entries instanceof LinkedHashMap ? entries : new TreeMap<>(entries)).forEach((k, v) -> {
            table.stringColumn(0).append(k);
            table.stringColumn(1).append(v);
        });
        return table;
    }
}
