package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.tracking.TrackedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tech.tablesaw.api.Table;

/** A comparison as files: CSV for other programs, HTML for people. */
public final class ComparisonReport {

    private static final List<String> CURVES = List.of("train/cross_entropy", "valid/cross_entropy");

    private final RunComparison comparison;
    private final RunTables tables;

    /** Files of {@code comparison}; curves come from {@code source}. */
    public ComparisonReport(RunComparison comparison, RunSource source) {
        this.comparison = comparison;
        this.tables = new RunTables(source);
    }

    /** Writes compare-runs.csv, compare-metrics.csv, compare-differences.csv and compare.html into {@code folder}. */
    public List<Path> write(Path folder) throws IOException {
        Map<String, Table> csv = new LinkedHashMap<>();
        csv.put("compare-runs.csv", comparison.settings());
        csv.put("compare-metrics.csv", comparison.metrics());
        csv.put("compare-differences.csv", comparison.differences());
        List<Path> files = new ArrayList<>();
        for (Map.Entry<String, Table> entry : csv.entrySet()) {
            files.add(folder.resolve(entry.getKey()));
            ReportFiles.write(
                    folder.resolve(entry.getKey()), entry.getValue().write().toString("csv"));
        }
        files.add(folder.resolve("compare.html"));
        ReportFiles.write(folder.resolve("compare.html"), html());
        return files;
    }

    private String html() throws IOException {
        HtmlPage page = new HtmlPage("Comparison of " + comparison.runs().size() + " runs");
        page.heading("Runs and the parameters that differ").raw(Html.table(comparison.settings()));
        comparison.notes().forEach(page::text);
        if (!comparison.differences().isEmpty()) {
            page.heading("Paired differences over seeds")
                    .text(
                            "Final values, seed by seed; 95 % confidence interval after Student's t. An interval that contains 0 does not"
                                    + " distinguish the settings.")
                    .raw(Html.table(comparison.differences()));
        }
        page.heading("Learning curves");
        Table histories = tables.histories(comparison.runs(), CURVES::contains);
        for (String metric : CURVES) {
            List<LineChart.Line> lines = new ArrayList<>();
            for (TrackedRun run : comparison.runs()) {
                Table own = histories.where(histories
                        .stringColumn("run")
                        .isEqualTo(run.runId())
                        .and(histories.stringColumn("metric").isEqualTo(metric)));
                if (!own.isEmpty()) {
                    lines.add(new LineChart.Line(
                            RunComparison.shortId(run) + " " + run.name(),
                            own.longColumn("step").asDoubleArray(),
                            own.doubleColumn("value").asDoubleArray()));
                }
            }
            if (!lines.isEmpty()) {
                page.figure(
                        metric.replaceAll("[^a-z]", "-"),
                        new LineChart(metric + " of " + lines.size() + " runs", "step", "nats per character", lines),
                        metric + " by step, one line a run. Lower is better.");
            }
        }
        return page.heading("Final and best metrics")
                .raw(Html.table(comparison.metrics()))
                .render();
    }
}
