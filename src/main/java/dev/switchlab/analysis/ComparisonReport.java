package dev.switchlab.analysis;

import dev.switchlab.io.WholeFile;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.page.TextTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tech.tablesaw.api.Table;

/** A comparison as files: a page for people, and its tables as CSV for other programs. */
public final class ComparisonReport {

    private final Comparison comparison;
    private final String title;
    private final ComparisonTables tables;

    /** Files of a comparison. */
    public ComparisonReport(Comparison comparison) {
        this(comparison, "Comparison of " + comparison.size());
    }

    /** Files of a comparison, under a title of its own. */
    public ComparisonReport(Comparison comparison, String title) {
        this.comparison = comparison;
        this.title = title;
        this.tables = new ComparisonTables(comparison);
    }

    /** The tables as CSV, by what is in them: settings, differences, runs, metrics. */
    public Map<String, String> csv() {
        Map<String, String> csv = new LinkedHashMap<>();
        for (Table table : new Table[] {tables.settings(), tables.differences(), tables.runs(), tables.metrics()}) {
            csv.put(table.name(), table.write().toString("csv"));
        }
        return csv;
    }

    /**
     * Writes the page, whole or not at all, and each table as CSV beside it: {@code compare.html},
     * {@code compare-settings.csv} ...
     *
     * @return the page's figures as SVG drawings that stand alone, by slug, such as "validation"
     */
    public Map<String, String> write(Path page) throws IOException {
        String name = page.getFileName().toString().replaceAll("\\.html$", "");
        for (Map.Entry<String, String> table : csv().entrySet()) {
            WholeFile.write(page.resolveSibling(name + "-" + table.getKey() + ".csv"), table.getValue());
        }
        HtmlPage html = page();
        WholeFile.write(page, html.render());
        return html.pictures();
    }

    private HtmlPage page() {
        HtmlPage page = new HtmlPage(title);
        ComparisonView view = new ComparisonView(comparison);
        comparison.warnings().forEach(page::warning);
        page.heading("Settings");
        page.text("Scores in " + comparison.unit()
                + ", lower is better, with the 95 % confidence interval of the mean over"
                + " seeds (Student's t); best is the best run's. Time is from a run's start to its end, speed"
                + " in tokens a second.");
        page.raw(html(view.wide()));
        if (!comparison.differences().isEmpty()) {
            page.text(
                    "Differences are those of the model loss = setting + seed + noise, with one variance of the noise:"
                            + " what a seed does to all settings cancels. Better and worse hold for all differences of a"
                            + " metric together (Holm's procedure, 5 %); intervals are those of one difference.");
        }
        comparison.notes().forEach(note -> page.text("Note: " + note + "."));
        if (comparison.settings().size() > 1 && comparison.warnings().isEmpty()) {
            new SweptFigure(comparison).write(page);
        }
        new ComparisonSections(comparison, page).write();
        page.heading("Details");
        if (comparison.settings().size() > 1) {
            page.folded("Everything that differs", false, () -> page.pairs(view.values()));
        }
        page.folded("Final value of each metric", false, () -> page.raw(html(view.metrics())));
        if (!comparison.differences().isEmpty()) {
            page.folded("Differences in each metric", false, () -> page.table(tables.differences()));
        }
        page.folded("Runs", comparison.settings().size() == 1, () -> page.raw(html(view.runs())));
        Table origins = tables.origins();
        if (origins.isEmpty()) {
            page.text("Code, text, versions, machine and threads are the same in all runs.");
        } else {
            page.folded("Where the runs come from, as far as that differs", false, () -> page.table(origins));
        }
        return page;
    }

    /** A table as HTML, with words for metrics and the sign that terminals may lack. */
    private static String html(Table table) {
        table.columns().forEach(column -> column.setName(Comparison.words(column.name())));
        return TextTable.of(table, HtmlPage::number, "–").html().replace(" +- ", " ± ");
    }
}
