package dev.switchlab.notebook;

import dev.switchlab.lab.LabTable;
import dev.switchlab.lab.Plot;
import tech.tablesaw.api.Table;

/** What one snippet left on the page, as Markdown. */
sealed interface Output {

    /** As it stands in a Markdown file. */
    String toMarkdown();

    /** Printed text, or a value in its own words. */
    record Text(String text) implements Output {
        @Override
        public String toMarkdown() {
            return "```text\n" + text.replace("```", "` ` `") + "\n```";
        }
    }

    /** A table. */
    record TableOutput(LabTable table) implements Output {
        @Override
        public String toMarkdown() {
            return table.toMarkdown();
        }
    }

    /** A figure: drawn in HTML, characters in Markdown, which readers show as they are. */
    record Figure(Plot plot) implements Output {
        @Override
        public String toMarkdown() {
            return new Text(plot.toString().strip()).toMarkdown();
        }
    }

    /** How a value shows. */
    static Output of(Object value) {
        if (value instanceof LabTable table) {
            return new TableOutput(table);
        }
        if (value instanceof Table table) {
            return new TableOutput(new LabTable(table));
        }
        if (value instanceof Plot plot) {
            return new Figure(plot);
        }
        return new Text(String.valueOf(value).replaceFirst("^\\R", "").stripTrailing());
    }
}
