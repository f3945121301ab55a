package dev.switchlab.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What a benchmark measured, as text for a terminal. */
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
    public static String of(BenchSetup setup) {
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
    public static String of(BenchTable table) {
        List<BenchRow> rows = table.rows();
        boolean isGeneration = table.id().equals(BenchSection.GENERATION);
        List<List<String>> cells = new ArrayList<>();
        List<String> parts = rows.get(0).ms().keySet().stream()
                .filter(part -> !part.equals(Samples.TOTAL) && !part.equals(BenchRow.REFERENCE))
                .toList();
        boolean hasRoofline = rows.get(0).figures().containsKey(BenchRow.SHARE);
        boolean hasReference = rows.stream().anyMatch(row -> row.figures().containsKey(BenchRow.RATIO));
        List<String> header = new ArrayList<>(List.of(table.axis(), "ms"));
        header.addAll(parts);
        if (hasRoofline) {
            header.addAll(List.of("GFLOP", "products", "share"));
        }
        if (isGeneration) {
            header.add("tokens/s");
        }
        if (hasReference) {
            header.addAll(List.of("reference", "ratio"));
        }
        header.add("kernels");
        cells.add(header);
        for (BenchRow row : rows) {
            List<String> line = new ArrayList<>(
                    List.of(row.name(), row.ms().get(Samples.TOTAL).text()));
            parts.forEach(part -> line.add(number(row.ms().get(part).median())));
            if (hasRoofline) {
                line.add(number(row.figures().get(BenchRow.FLOP) / 1e9));
                line.add(number(row.figures().get(BenchRow.PRODUCTS)));
                line.add(String.format(Locale.ROOT, "%.2f", row.figures().get(BenchRow.SHARE)));
            }
            if (isGeneration) {
                line.add(number(1000 / row.total()));
            }
            if (row.figures().containsKey(BenchRow.RATIO)) {
                line.add(row.ms().get(BenchRow.REFERENCE).text());
                line.add(String.format(Locale.ROOT, "%.2f", row.figures().get(BenchRow.RATIO)));
            } else if (hasReference) {
                line.addAll(List.of("", ""));
            }
            line.add(row.kernels());
            cells.add(line);
        }
        return table.title() + " (ms: median [quartiles])\n" + padded(cells);
    }

    /** The products by layer and direction: how often, how large, how fast, by which way. */
    private static String products(BenchResult result) {
        List<List<String>> cells = new ArrayList<>();
        cells.add(List.of("product", "groups", "(m, k) x (k, n)", "ms", "GFLOP/s", "by"));
        for (ProductTime time : result.products()) {
            Map<String, Double> speeds = new TreeMap<>(time.gflopPerSecond());
            cells.add(List.of(
                    time.layer() + ", " + time.direction(),
                    Integer.toString(time.groups()),
                    "(" + time.m() + ", " + time.k() + ") x (" + time.k() + ", " + time.n() + ")",
                    String.format(Locale.ROOT, "%.3f", time.ms()),
                    number(speeds.remove(time.fastest())),
                    time.fastest()
                            + (speeds.isEmpty()
                                    ? ""
                                    : " ("
                                            + String.join(
                                                    ", ",
                                                    speeds.entrySet().stream()
                                                            .map(way -> way.getKey() + " " + number(way.getValue()))
                                                            .toList())
                                            + ")")));
        }
        return "matrix products of a step by themselves, the fastest way of each\n" + padded(cells);
    }

    private static String memory(BenchMemory memory) {
        String line = memory.ours() == null
                ? "resident memory: this system does not tell"
                : "resident memory after a few steps of the experiment: " + text(memory.ours())
                        + "; at the end of the benchmark: " + text(memory.end());
        return line
                + (memory.reference() == null
                        ? ""
                        : "; the reference after as many steps: " + text(memory.reference()));
    }

    private static String text(ResidentMemory memory) {
        return String.format(Locale.ROOT, "%.0f MB (peak %.0f)", memory.now(), memory.peak());
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 1000 ? "%.1f" : "%.0f", value);
    }

    /** The first column to the left, the others to the right; the last is left as it is. */
    private static String padded(List<List<String>> cells) {
        int columns = cells.get(0).size();
        List<String> lines = new ArrayList<>();
        for (List<String> row : cells) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                int column = i;
                int width = cells.stream()
                        .mapToInt(r -> r.get(column).length())
                        .max()
                        .orElse(0);
                String padding = " ".repeat(width - row.get(i).length());
                boolean isText = i == 0 || cells.get(0).get(i).equals("by");
                line.append("  ").append(isText ? row.get(i) + padding : padding + row.get(i));
            }
            lines.add(line.toString().stripTrailing());
        }
        return String.join("\n", lines);
    }
}
