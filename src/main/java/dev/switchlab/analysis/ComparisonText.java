package dev.switchlab.analysis;

import dev.switchlab.io.Screen;
import dev.switchlab.page.TextTable;
import java.util.ArrayList;
import java.util.List;
import tech.tablesaw.api.Table;

/** A comparison as text that fits a screen. */
public record ComparisonText(Comparison comparison) {

    /** In characters. */
    private static final int MOST_WIDTH = 100;

    private static final int WIDTH = Screen.LAB > 0
            ? Math.min(MOST_WIDTH, Screen.LAB)
            : Screen.isTerminal() ? Math.min(MOST_WIDTH, Screen.size().getColumns()) : MOST_WIDTH;

    private static final int MOST_ROWS = 15;

    /** Warnings, a line for each setting, differences to the baseline or the runs of the only setting, notes. */
    public String text() {
        StringBuilder text = new StringBuilder();
        comparison
                .warnings()
                .forEach(warning -> text.append("WARNING: ").append(warning).append('\n'));
        text.append(comparison.size())
                .append("; losses in " + comparison.unit() + ", mean and 95 % interval over seeds")
                .append(comparison.best().isPresent() ? "; * best mean" : "");
        ComparisonView view = new ComparisonView(comparison);
        List<Setting> shown = comparison.foremost(MOST_ROWS);
        List<String> left = new ArrayList<>();
        append(text, fitting(view.settings(shown), view.ordered().size(), left));
        if (shown.size() < comparison.settings().size()) {
            text.append("... the best of ")
                    .append(comparison.settings().size())
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
                        .append(comparison.baseline().map(Setting::label).orElse(""))
                        .append(", paired over seeds");
                append(text, differences);
            }
        }
        List<String> notes = comparison.notes();
        text.append(notes.isEmpty() ? "" : "\n");
        notes.forEach(note -> text.append("note: ").append(note).append('\n'));
        return text.toString().stripTrailing();
    }

    /**
     * Removes the last of the columns that differ until the table fits the width.
     *
     * @param differing their number; the first column of the table is the letter
     * @param left takes the names of the removed columns
     */
    private static Table fitting(Table table, int differing, List<String> left) {
        for (int column = differing; column > 0; column--) {
            if (TextTable.of(table).width() <= WIDTH) {
                break;
            }
            left.add(0, table.column(column).name());
            table.removeColumns(column);
        }
        return table;
    }

    /** As many names as fit a line, and the number of the rest. */
    private static String some(List<String> names) {
        StringBuilder some = new StringBuilder(names.get(0));
        int shown = 1;
        while (shown < names.size() && some.length() + names.get(shown).length() + 2 <= WIDTH - 30) {
            some.append(", ").append(names.get(shown));
            shown++;
        }
        return some + (shown < names.size() ? " and " + (names.size() - shown) + " more" : "");
    }

    private static void append(StringBuilder text, Table table) {
        text.append('\n').append(TextTable.of(table).text()).append('\n');
    }
}
