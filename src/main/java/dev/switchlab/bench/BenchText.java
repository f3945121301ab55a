package dev.switchlab.bench;

import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.analysis.chart.Scale;
import dev.switchlab.bench.BenchResult.Memory;
import dev.switchlab.bench.BenchResult.ProductTime;
import dev.switchlab.bench.BenchResult.Reference;
import dev.switchlab.bench.BenchResult.Row;
import dev.switchlab.bench.BenchResult.Setup;
import dev.switchlab.bench.BenchResult.Table;
import dev.switchlab.bench.Benchmark.Section;
import dev.switchlab.bench.Timing.Samples;
import dev.switchlab.page.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** A benchmark as text for a terminal, and as a figure. */
public final class BenchText {

    private BenchText() {}

    /** The whole of it. */
    public static String of(BenchResult result) {
        List<String> parts = new ArrayList<>();
        parts.add(of(result.setup()));
        result.tables().forEach(table -> parts.add(of(table)));
        parts.add(end(result));
        return String.join("\n\n", parts) + "\n";
    }

    /** What comes after the tables of the sections. */
    public static String end(BenchResult result) {
        return products(result) + "\n\n" + memory(result.memory()) + "\n\n" + String.join("\n", result.summary());
    }

    /** The conditions. */
    public static String of(Setup setup) {
        List<String> lines = new ArrayList<>();
        lines.add(
                "processor   " + setup.machine().cpu() + ", " + setup.machine().cores() + " cores; device "
                        + setup.device() + ", " + setup.threads() + " threads, " + setup.precision());
        lines.add("libtorch    " + setup.libtorch() + " for " + setup.machine().kernels());
        lines.add("experiment  " + setup.experiment() + (setup.quick() ? "; a quick run, whose times are rough" : ""));
        Reference reference = setup.reference();
        lines.add("reference   "
                + (reference == null
                        ? "not measured (REFERENCE=<python> does)"
                        : String.format(
                                Locale.ROOT,
                                "%s, torch %s, %d threads, %.0f GFLOP/s with %s",
                                reference.code(),
                                reference.torch(),
                                reference.threads(),
                                reference.gflopPerSecond(),
                                reference.blas())));
        return String.join("\n", lines);
    }

    /** A section: medians in ms, the quartiles of the whole in brackets. */
    public static String of(Table table) {
        Row first = table.rows().get(0);
        TextTable<Row> text = new TextTable<>(table.rows())
                .left(table.axis(), Row::name)
                .right("ms", row -> row.ms().get(Samples.TOTAL).text());
        first.ms().keySet().stream()
                .filter(part -> !part.equals(Samples.TOTAL) && !part.equals(Row.REFERENCE))
                .forEach(part ->
                        text.right(part, row -> number(row.ms().get(part).median())));
        if (first.figures().containsKey(Row.SHARE)) {
            text.right("GFLOP", row -> number(row.figures().get(Row.FLOP) / 1e9))
                    .right("products", row -> number(row.figures().get(Row.PRODUCTS)))
                    .right("share", row -> ratio(row.figures().get(Row.SHARE)));
        }
        if (table.id().equals(Section.GENERATION)) {
            text.right("tokens/s", row -> number(1000 / row.total()));
        }
        if (table.rows().stream().anyMatch(Row::isCompared)) {
            text.right(
                            "reference",
                            row -> row.isCompared()
                                    ? row.ms().get(Row.REFERENCE).text()
                                    : "")
                    .right(
                            "ratio",
                            row -> row.isCompared() ? ratio(row.figures().get(Row.RATIO)) : "");
        }
        text.right("kernels", Row::kernels);
        return table.title() + " (ms: median [quartiles])\n" + indented(text);
    }

    /** The products by layer and direction: how often, how large, how fast, by which way. */
    private static String products(BenchResult result) {
        TextTable<ProductTime> text = new TextTable<>(result.products())
                .left("product", time -> time.layer() + ", " + time.direction())
                .right("groups", time -> Integer.toString(time.groups()))
                .right(
                        "(m, k) x (k, n)",
                        time -> "(" + time.m() + ", " + time.k() + ") x (" + time.k() + ", " + time.n() + ")")
                .right("ms", time -> String.format(Locale.ROOT, "%.3f", time.ms()))
                .right("GFLOP/s", time -> number(time.gflopPerSecond().get(time.fastest())))
                .left("by", BenchText::ways);
        return "matrix products of a step by themselves, the fastest way of each\n" + indented(text);
    }

    /** The fastest way, and the speeds of the others in parentheses. */
    private static String ways(ProductTime time) {
        Map<String, Double> others = new TreeMap<>(time.gflopPerSecond());
        others.remove(time.fastest());
        return others.isEmpty()
                ? time.fastest()
                : others.entrySet().stream()
                        .map(way -> way.getKey() + " " + number(way.getValue()))
                        .collect(Collectors.joining(", ", time.fastest() + " (", ")"));
    }

    private static String memory(Memory memory) {
        String line = memory.ours() == null
                ? "resident memory: this system does not tell"
                : "resident memory after a few steps of the experiment: " + text(memory.ours())
                        + "; at the end of the benchmark: " + text(memory.end());
        return line
                + (memory.reference() == null
                        ? ""
                        : "; the reference after the same steps: " + text(memory.reference()));
    }

    private static String text(ResidentMemory memory) {
        return String.format(Locale.ROOT, "%.0f MB (peak %.0f)", memory.now(), memory.peak());
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 1000 ? "%.1f" : "%.0f", value);
    }

    private static String ratio(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private static String indented(TextTable<?> table) {
        return "  " + String.join("\n  ", table.lines());
    }

    /**
     * An SVG of the time of a training step against the number of experts: of this model, of the dense network, of the
     * matrix products alone, and of the reference.
     */
    public static String svg(BenchResult result) {
        Table table = BenchResult.table(result.tables(), Section.EXPERTS).orElseThrow();
        List<Row> rows = table.rows().stream()
                .filter(row -> !row.name().equals(Section.DENSE))
                .toList();
        List<LineChart.Line> lines = new ArrayList<>();
        lines.add(line("SwitchLab", rows, Row::total));
        table.dense().ifPresent(dense -> lines.add(line("dense, same operations", rows, row -> dense.total())));
        lines.add(line("matrix products alone", rows, row -> row.figures().get(Row.PRODUCTS)));
        List<Row> compared = rows.stream().filter(Row::isCompared).toList();
        if (!compared.isEmpty()) {
            lines.add(line(
                    "reference", compared, row -> row.ms().get(Row.REFERENCE).median()));
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

    private static LineChart.Line line(String name, List<Row> rows, ToDoubleFunction<Row> y) {
        double[] x = rows.stream().mapToDouble(Row::x).toArray();
        return new LineChart.Line(name, x, rows.stream().mapToDouble(y).toArray());
    }
}
