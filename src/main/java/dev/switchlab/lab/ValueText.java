package dev.switchlab.lab;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.runs.Run;
import dev.switchlab.train.Evaluation;
import java.lang.reflect.Array;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import tech.tablesaw.api.Table;

/** How values show whose own words would be an object id, or pages. */
public final class ValueText {

    private static final int MOST_ELEMENTS = 32;
    private static final int EDGE = 8;
    private static final String INDENT = "\n  ";

    private ValueText() {}

    /** In words that are short; empty for a value whose own will do. */
    public static Optional<String> text(Object value) {
        if (value instanceof NDArray array) {
            return Optional.of(TensorSummary.of(array));
        }
        if (value instanceof NDList list) {
            return Optional.of(list.size() + " tensors"
                    + list.stream()
                            .map(array -> "\n" + (array.getName() == null ? "" : array.getName() + ": ")
                                    + TensorSummary.line(array))
                            .collect(Collectors.joining()));
        }
        if (value instanceof Run run) {
            return Optional.of(run(run));
        }
        if (value instanceof Evaluation evaluation) {
            return Optional.of(evaluation(evaluation));
        }
        if (value.getClass().isArray() && Array.getLength(value) > MOST_ELEMENTS) {
            return Optional.of(array(value));
        }
        return Optional.empty();
    }

    /** The same at the prompt, where a Tablesaw table is one of the lab's, too. */
    static Optional<String> atPrompt(Object value) {
        return value instanceof Table table ? Optional.of(new LabTable(table).toString()) : text(value);
    }

    private static String run(Run run) {
        StringBuilder text = new StringBuilder(run.name() + ", " + run.status().toLowerCase(Locale.ROOT));
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

    private static String evaluation(Evaluation evaluation) {
        return String.format(
                Locale.ROOT,
                "%.3f nats per character (%.3f bits, %.1f %% right) on %,d characters",
                evaluation.crossEntropy(),
                evaluation.bitsPerChar(),
                100 * evaluation.accuracy(),
                evaluation.tokens());
    }

    /** The first and last elements, as jshell writes arrays. */
    private static String array(Object array) {
        int length = Array.getLength(array);
        StringBuilder text = new StringBuilder(
                        array.getClass().getComponentType().getSimpleName())
                .append('[')
                .append(length)
                .append("] { ");
        for (int i = 0; i < EDGE; i++) {
            text.append(Array.get(array, i)).append(", ");
        }
        return text.append("..., ")
                .append(Array.get(array, length - 1))
                .append(" }")
                .toString();
    }
}
