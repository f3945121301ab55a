package dev.switchlab.lab;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.io.Screen;
import dev.switchlab.page.TextTable;
import dev.switchlab.runs.Run;
import dev.switchlab.train.Evaluation;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;

/** Texts of values whose {@code toString} is an object id or too long: tables, tensors, runs, scores, arrays. */
public final class ValueText {

    /** Rows of a table that are shown. */
    private static final int MOST_ROWS = 40;
    /** Characters of a table's row that are shown: those of a terminal, if there is one. */
    private static final int MOST_WIDTH = Screen.LAB > 0 ? Screen.LAB : 120;
    /** Longer Java arrays are shown by their ends. */
    private static final int MOST_ELEMENTS = 32;

    private static final int ARRAY_EDGE = 8;
    /** Larger tensors are shown by their edges. */
    private static final int SMALL = 64;
    /** Entries that are shown at each end of an axis. */
    private static final int EDGE = 3;
    /** Larger tensors are not copied to the host for their statistics. */
    private static final long LARGEST = 50_000_000;

    private static final String INDENT = "\n  ";

    private ValueText() {}

    /** The text of a value; empty if its {@code toString} will do. */
    public static Optional<String> text(Object value) {
        if (value instanceof Table table) {
            return Optional.of(table(table));
        }
        if (value instanceof NDArray array) {
            return Optional.of(tensor(array));
        }
        if (value instanceof NDList list) {
            return Optional.of(list.size() + " tensors"
                    + list.stream()
                            .map(array -> "\n" + (array.getName() == null ? "" : array.getName() + ": ") + line(array))
                            .collect(Collectors.joining()));
        }
        if (value instanceof Run run) {
            return Optional.of(run(run));
        }
        if (value instanceof Evaluation evaluation) {
            return Optional.of(
                    score(evaluation) + String.format(Locale.ROOT, " on %,d characters", evaluation.tokens()));
        }
        if (value.getClass().isArray() && Array.getLength(value) > MOST_ELEMENTS) {
            return Optional.of(array(value));
        }
        return Optional.empty();
    }

    /** Rows of aligned text, the header first; long and wide tables are cut, with a note. */
    static String table(Table table) {
        TextTable<Integer> whole = TextTable.of(table.first(MOST_ROWS));
        TextTable<Integer> shown = whole.within(MOST_WIDTH);
        int hidden = whole.columns() - shown.columns();
        return "\n" + shown.text()
                + (hidden == 0 ? "" : String.format(Locale.ROOT, "%n... %d more columns; .selectColumns(...)", hidden))
                + cut(table);
    }

    /** The table as GitHub-flavoured Markdown, long ones cut. */
    public static String markdown(Table table) {
        String cut = cut(table);
        return TextTable.of(table.first(MOST_ROWS)).markdown() + (cut.isEmpty() ? "" : "\n" + cut);
    }

    private static String cut(Table table) {
        return table.rowCount() > MOST_ROWS
                ? String.format(Locale.ROOT, "%n... %d rows in all; .first(n), .sortOn(...)", table.rowCount())
                : "";
    }

    private static String run(Run run) {
        StringBuilder text = new StringBuilder(run.title() + ", " + run.status().toLowerCase(Locale.ROOT));
        text.append(INDENT).append("id                         ").append(run.runId());
        text.append(INDENT).append("experiment                 ").append(run.experiment());
        text.append(INDENT).append("started                    ").append(run.start());
        Map<String, Double> metrics = new TreeMap<>(run.metrics());
        metrics.keySet().retainAll(Comparison.METRICS);
        metrics.forEach(
                (name, value) -> text.append(INDENT).append(String.format(Locale.ROOT, "%-26s %.4f", name, value)));
        return text.append(INDENT)
                .append(String.format(
                        "%d params, %d metrics, %d tags: .params(), .metrics(), .tags(); history(\"%s\")",
                        run.params().size(), run.metrics().size(), run.tags().size(), run.shortId()))
                .toString();
    }

    static String score(Evaluation evaluation) {
        boolean isCharacters = evaluation.charactersPerToken() == 1;
        return String.format(
                Locale.ROOT,
                "%.3f nats per %s (%.3f bits%s, %.1f %% right)",
                evaluation.crossEntropy(),
                isCharacters ? "character" : "token",
                isCharacters ? evaluation.bitsPerChar() : evaluation.bitsPerByte(),
                isCharacters ? "" : " per byte",
                100 * evaluation.accuracy());
    }

    /** The first elements and the last of a Java array, in jshell's notation. */
    private static String array(Object array) {
        int length = Array.getLength(array);
        return IntStream.range(0, ARRAY_EDGE)
                .mapToObj(i -> Array.get(array, i) + ", ")
                .collect(Collectors.joining(
                        "",
                        array.getClass().getComponentType().getSimpleName() + "[" + length + "] { ",
                        "..., " + Array.get(array, length - 1) + " }"));
    }

    /** Type, shape, device and statistics of a tensor, and the values at its edges. */
    static String tensor(NDArray array) {
        Optional<double[]> values = array.isReleased() ? Optional.empty() : host(array);
        return line(array)
                + values.filter(all -> all.length > 0)
                        .map(all -> "\n" + block(all, array.getShape().getShape(), isWhole(array), 0, 0))
                        .orElse("");
    }

    /** Type, shape, device and statistics of a tensor. */
    static String line(NDArray array) {
        if (array.isReleased()) {
            return "a closed tensor";
        }
        return String.format(
                        Locale.ROOT,
                        "%s %s on %s",
                        array.getDataType().name().toLowerCase(Locale.ROOT),
                        array.getShape(),
                        array.getDevice().toString().replace("()", ""))
                + host(array)
                        .filter(values -> values.length > 1)
                        .map(values -> statistics(values, isWhole(array)))
                        .orElse("");
    }

    private static String statistics(double[] values, boolean whole) {
        double[] numbers = Arrays.stream(values).filter(Double::isFinite).toArray();
        int odd = values.length - numbers.length;
        String finite = numbers.length == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        ": mean %s, min %s, max %s",
                        number(Arrays.stream(numbers).average().orElseThrow(), false),
                        number(Arrays.stream(numbers).min().orElseThrow(), whole),
                        number(Arrays.stream(numbers).max().orElseThrow(), whole));
        return finite
                + (odd == 0 ? "" : String.format(Locale.ROOT, "; %,d of %,d are NaN or infinite", odd, values.length));
    }

    private static Optional<double[]> host(NDArray array) {
        if (array.size() > LARGEST) {
            return Optional.empty();
        }
        try (NDArray doubles = array.toType(DataType.FLOAT64, true)) {
            return Optional.of(doubles.toDoubleArray());
        }
    }

    private static boolean isWhole(NDArray array) {
        return !array.getDataType().isFloating();
    }

    /** The entries of axis {@code axis} that begin at {@code offset}. */
    private static String block(double[] values, long[] shape, boolean whole, int axis, int offset) {
        if (axis == shape.length) {
            return number(values[offset], whole);
        }
        int stride = (int) Arrays.stream(shape, axis + 1, shape.length).reduce(1, (a, b) -> a * b);
        boolean all = values.length <= SMALL || shape[axis] <= 2 * EDGE;
        StringBuilder text = new StringBuilder("[");
        String separator = axis == shape.length - 1 ? ", " : ",\n" + " ".repeat(axis + 1);
        for (int i = 0; i < shape[axis]; i++) {
            if (!all && i == EDGE) {
                text.append(separator).append("...");
                i = (int) shape[axis] - EDGE;
            }
            text.append(i == 0 ? "" : separator).append(block(values, shape, whole, axis + 1, offset + i * stride));
        }
        return text.append(']').toString();
    }

    private static String number(double value, boolean whole) {
        if (whole) {
            return Long.toString((long) value);
        }
        double size = Math.abs(value);
        if (value == 0 || !Double.isFinite(value)) {
            return value == 0 ? "0" : Double.toString(value);
        }
        return String.format(Locale.ROOT, size < 1e-3 || size >= 1e6 ? "%.3e" : "%.4f", value);
    }
}
