package dev.switchlab.analysis;

import dev.switchlab.io.WholeFile;
import dev.switchlab.page.Html;
import dev.switchlab.page.HtmlPage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tech.tablesaw.api.Table;

/** A comparison as files: CSV for other programs, HTML for people. */
public final class ComparisonReport {

    private final RunComparison comparison;
    private final RunSource source;

    /** Files of {@code comparison}; curves come from {@code source}. */
    public ComparisonReport(RunComparison comparison, RunSource source) {
        this.comparison = comparison;
        this.source = source;
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
            WholeFile.write(
                    folder.resolve(entry.getKey()), entry.getValue().write().toString("csv"));
        }
        Path page = folder.resolve("compare.html");
        writePage(page);
        files.add(page);
        return files;
    }

    /**
     * Writes the page alone, whole or not at all.
     *
     * @return its figures as SVG drawings that stand alone, by slug, such as "validation"
     */
    public Map<String, String> writePage(Path file) throws IOException {
        HtmlPage page = new HtmlPage("Comparison of " + comparison.runs().size() + " runs");
        page.heading("Runs and the parameters that differ")
                // Runs are few; parameters that differ may be many.
                .raw(Html.table(comparison.settingsAcross()));
        comparison.notes().forEach(page::text);
        if (!comparison.differences().isEmpty()) {
            page.heading("Paired differences over seeds")
                    .text(
                            "Final values, seed by seed; 95 % confidence interval after Student's t. An interval that contains 0 does not"
                                    + " distinguish the settings.")
                    .raw(Html.table(comparison.differences()));
        }
        new ComparisonSections(comparison, source, page).write();
        page.heading("Final and best metrics").raw(Html.table(comparison.metrics()));
        Table origins = RunOrigins.of(comparison.runs());
        page.heading("Where the runs come from");
        if (origins.isEmpty()) {
            page.text("Code, text, versions, machine and threads are the same in all runs.");
        } else {
            page.raw(Html.table(origins));
        }
        WholeFile.write(file, page.render());
        return page.pictures();
    }
}
