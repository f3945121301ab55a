package dev.switchlab.analysis;

import dev.switchlab.nn.StateDict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.Table;

/** How alike the experts of a layer are: the cosine between all their weights and biases, taken as one vector each. */
public final class ExpertSimilarity {

    private static final Pattern WEIGHT =
            Pattern.compile("transformer\\.layers\\.(\\d+)\\.feed_forward\\.experts\\.(\\d+)\\..*");

    private ExpertSimilarity() {}

    /** Columns layer, expert, other, cosine; both orders and each with itself, so that it is a matrix per layer. */
    public static Table of(Map<String, StateDict.Weight> weights) {
        Map<Integer, Map<Integer, List<float[]>>> layers = new TreeMap<>();
        new TreeMap<>(weights).forEach((name, weight) -> {
            Matcher matcher = WEIGHT.matcher(name);
            if (matcher.matches()) {
                layers.computeIfAbsent(Integer.parseInt(matcher.group(1)), l -> new TreeMap<>())
                        .computeIfAbsent(Integer.parseInt(matcher.group(2)), e -> new ArrayList<>())
                        .add(weight.values());
            }
        });
        Table table = Table.create(
                "similarity",
                IntColumn.create("layer"),
                IntColumn.create("expert"),
                IntColumn.create("other"),
                DoubleColumn.create("cosine"));
        layers.forEach((layer, experts) -> experts.forEach((expert, own) -> experts.forEach((other, its) -> {
            table.intColumn("layer").append(layer);
            table.intColumn("expert").append(expert);
            table.intColumn("other").append(other);
            table.doubleColumn("cosine").append(dot(own, its) / Math.sqrt(dot(own, own) * dot(its, its)));
        })));
        return table;
    }

    private static double dot(List<float[]> a, List<float[]> b) {
        double sum = 0;
        for (int i = 0; i < a.size(); i++) {
            for (int j = 0; j < a.get(i).length; j++) {
                sum += (double) a.get(i)[j] * b.get(i)[j];
            }
        }
        return sum;
    }
}
