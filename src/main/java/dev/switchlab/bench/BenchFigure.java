package dev.switchlab.bench;

import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.analysis.chart.Scale;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The time of a training step against the number of experts: ours, the dense network's, the products' alone, the
 * reference's.
 */
public final class BenchFigure {

    private BenchFigure() {}

    /** As SVG. */
    public static String svg(BenchResult result) {
        BenchTable table =
                BenchResult.table(result.tables(), BenchSection.EXPERTS).orElseThrow();
        List<BenchRow> rows = table.rows().stream()
                .filter(row -> !row.name().equals(BenchSection.DENSE))
                .toList();
        List<LineChart.Line> lines = new ArrayList<>();
        lines.add(line("SwitchLab", rows, BenchRow::total));
        table.dense().ifPresent(dense -> lines.add(line("dense, same operations", rows, row -> dense.total())));
        lines.add(line("matrix products alone", rows, row -> row.figures().get(BenchRow.PRODUCTS)));
        List<BenchRow> compared = rows.stream()
                .filter(row -> row.ms().containsKey(BenchRow.REFERENCE))
                .toList();
        if (!compared.isEmpty()) {
            lines.add(line(
                    "reference",
                    compared,
                    row -> row.ms().get(BenchRow.REFERENCE).median()));
        }
        return new LineChart(
                        "Training step by number of experts, "
                                + result.setup().machine().cpu() + ", "
                                + result.setup().threads() + " threads",
                        "experts",
                        Scale.LOGARITHMIC,
                        "ms per step",
                        lines)
                .svg();
    }

    private static LineChart.Line line(String name, List<BenchRow> rows, ToDoubleFunction<BenchRow> y) {
        double[] x = rows.stream().mapToDouble(BenchRow::x).toArray();
        return new LineChart.Line(name, x, rows.stream().mapToDouble(y).toArray());
    }
}
