package dev.switchlab.analysis;

import dev.switchlab.nn.StateDict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
        record Pair(int layer, int expert, int other, double cosine) {}
        List<Pair> pairs = new ArrayList<>();
        layers.forEach((layer, experts) -> experts.forEach((expert, a) -> experts.forEach((other, b) ->
                pairs.add(new Pair(layer, expert, other, dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)))))));
        Rows<Pair> rows = new Rows<>(pairs);
        return Table.create(
                "similarity",
                rows.count("layer", Pair::layer),
                rows.count("expert", Pair::expert),
                rows.count("other", Pair::other),
                rows.number("cosine", Pair::cosine));
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
