package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.page.Html;
import dev.switchlab.page.HtmlPage;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tech.tablesaw.api.Table;

/** The part of a report that shows when routing settled. */
record SaturationSection(RouterSaturation saturation, HtmlPage page) {

    void write() {
        page.heading("When routing settled");
        Table table = saturation.table();
        if (table.isEmpty()) {
            page.text(saturation.note() + ".");
            return;
        }
        lines(
                table,
                "saturation",
                "router-saturation",
                "Router saturation over training",
                "Share of tokens that go to the expert that they go to at the end: " + saturation.note()
                        + ". Step 0 is the model before training; by chance alone it would be about "
                        + Html.number(table.doubleColumn("chance").mean()) + ".");
        lines(
                table,
                "unchanged",
                "routing-unchanged",
                "Routing that stays from one look to the next",
                "Share of the same tokens that go to the expert that they went to at the look before. Near 1, the experts keep their tokens.");
    }

    private void lines(Table table, String column, String slug, String title, String caption) {
        List<LineChart.Line> lines = new ArrayList<>();
        Stream.of(table.intColumn("layer").asObjectArray()).distinct().sorted().forEach(layer -> {
            Table own = table.where(table.intColumn("layer")
                    .isEqualTo(layer)
                    .and(table.doubleColumn(column).isNotMissing()));
            lines.add(new LineChart.Line(
                    "layer " + layer,
                    own.longColumn("step").asDoubleArray(),
                    own.doubleColumn(column).asDoubleArray()));
        });
        page.figure(slug, new LineChart(title, "step", "share of tokens", lines), caption);
    }
}
