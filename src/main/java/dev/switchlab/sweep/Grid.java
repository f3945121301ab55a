package dev.switchlab.sweep;

import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Settings to be swept: each with its values.
 *
 * @param axes setting name to its values, as they were written; in the order given
 */
public record Grid(Map<String, List<String>> axes) {

    private static final String EXAMPLE = "for example GRID=\"model.n_experts=2,4 train.z_loss=0,0.001\"";

    /** Refuses what cannot be swept, in one line. */
    public Grid {
        Map<String, List<String>> copy = new LinkedHashMap<>();
        axes.forEach((name, values) -> {
            if (name.equals("seed")) {
                throw new ExperimentException(
                        "GRID has seed, allowed: settings; seeds go into SEEDS, for example 1..5");
            }
            if (values.isEmpty() || values.stream().anyMatch(String::isBlank)) {
                throw new ExperimentException(
                        "GRID: " + name + " has an empty value, allowed: values with commas between, " + EXAMPLE);
            }
            if (values.stream().distinct().count() < values.size()) {
                throw new ExperimentException("GRID: " + name + "=" + String.join(",", values)
                        + " has a value twice, allowed: each once, " + EXAMPLE);
            }
            copy.put(name, List.copyOf(values));
        });
        axes = Collections.unmodifiableMap(copy);
    }

    /** No setting is swept: there is one combination, of nothing. */
    public static Grid none() {
        return new Grid(Map.of());
    }

    /**
     * Reads {@code "model.n_experts=2,4 train.z_loss=0,0.001"}. A value with a comma or white space of its own cannot
     * be written so.
     *
     * @throws ExperimentException in one line
     */
    public static Grid parse(String text) {
        Map<String, List<String>> axes = new LinkedHashMap<>();
        ExperimentLoader.changes(List.of(text))
                .forEach((name, values) -> axes.put(name, List.of(values.split("\\s*,\\s*", -1))));
        return new Grid(axes);
    }

    /** The product: all combinations, the last setting changing fastest. */
    public List<Map<String, String>> combinations() {
        List<Map<String, String>> product = List.of(Map.of());
        for (Map.Entry<String, List<String>> axis : axes.entrySet()) {
            List<Map<String, String>> longer = new ArrayList<>();
            for (Map<String, String> combination : product) {
                for (String value : axis.getValue()) {
                    Map<String, String> more = new LinkedHashMap<>(combination);
                    more.put(axis.getKey(), value);
                    longer.add(more);
                }
            }
            product = longer;
        }
        return product;
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        axes.forEach((name, values) -> parts.add(name + "=" + String.join(",", values)));
        return String.join(" ", parts);
    }
}
