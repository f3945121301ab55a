package dev.switchlab.analysis;

import dev.switchlab.page.TextTable;
import java.util.ArrayList;
import java.util.List;
import tech.tablesaw.api.Table;

/**
 * What a comparison prints: as much as fits a screen. The rest is for the page.
 *
 * @param comparison what is printed
 */
public record ComparisonText(RunComparison comparison) {

    /** In characters. */
    private static final int WIDTH = 100;
    /** Settings shown. */
    private static final int MOST_ROWS = 15;

    /** Warnings, a line for each setting, differences to the baseline or the runs of the only setting, notes. */
    public String text() {
        StringBuilder text = new StringBuilder();
        comparison
                .warnings()
                .forEach(warning -> text.append("WARNING: ").append(warning).append('\n'));
        ComparisonView view = new ComparisonView(comparison);
        List<SettingScore> shown = comparison.foremost(MOST_ROWS);
        text.append(title());
        List<String> left = new ArrayList<>(view.ordered());
        Table settings = fitting(view, shown, left);
        append(text, settings);
        if (shown.size() < comparison.scores().size()) {
            text.append("... the best of ")
                    .append(comparison.scores().size())
                    .append(" settings and the baseline; all are on the page\n");
        }
        if (!left.isEmpty()) {
            text.append("... also differ: ").append(some(left)).append('\n');
        }
        if (comparison.settings().size() == 1) {
            append(
                    text,
                    view.runs()
                            .selectColumns("run", "seed", comparison.metric(), "time")
                            .first(MOST_ROWS));
        } else {
            Table differences = view.differences(shown);
            if (!differences.isEmpty()) {
                text.append("\ndifferences to ")
                        .append(comparison.columns().label(comparison.baseline()))
                        .append(", paired over seeds");
                append(text, differences);
            }
        }
        if (!comparison.notes().isEmpty()) {
            text.append('\n');
        }
        comparison.notes().forEach(note -> text.append("note: ").append(note).append('\n'));
        return text.toString().stripTrailing();
    }

    private String title() {
        return comparison.size() + "; losses in nats per character, mean and 95 % interval over seeds"
                + (comparison.best().isPresent() ? "; * best mean" : "");
    }

    /**
     * The lines with as many columns as there is room for.
     *
     * @param left all columns; those that are shown are taken from it
     */
    private Table fitting(ComparisonView view, List<SettingScore> shown, List<String> left) {
        List<String> columns = new ArrayList<>(left);
        Table table = view.settings(shown, columns, comparison.columns()::shortName);
        while (!columns.isEmpty() && TextTable.of(table).width() > WIDTH) {
            columns.remove(columns.size() - 1);
            table = view.settings(shown, columns, comparison.columns()::shortName);
        }
        left.removeAll(columns);
        return table;
    }

    /** As many names as the line has room for, and how many more. */
    private String some(List<String> names) {
        StringBuilder some = new StringBuilder();
        int shown = 0;
        for (String name : names) {
            String part = (shown == 0 ? "" : ", ") + comparison.columns().shortName(name);
            if (shown > 0 && some.length() + part.length() > WIDTH - 30) {
                break;
            }
            some.append(part);
            shown++;
        }
        return some + (shown < names.size() ? " and " + (names.size() - shown) + " more" : "");
    }

    private static void append(StringBuilder text, Table table) {
        text.append('\n').append(TextTable.of(table).text()).append('\n');
    }
}
