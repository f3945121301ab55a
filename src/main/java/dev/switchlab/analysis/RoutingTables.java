package dev.switchlab.analysis;

import dev.switchlab.train.RoutingTrace;
import dev.switchlab.train.RoutingTrace.Layer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tech.tablesaw.api.BooleanColumn;
import tech.tablesaw.api.Table;

/** A routing trace as Tablesaw tables. Layers and experts are numbered from 0; shares are between 0 and 1. */
public final class RoutingTables {

    private static final int CHARACTERS_SHOWN = 8;

    private final RoutingTrace trace;

    /** The tables of {@code trace}. */
    public RoutingTables(RoutingTrace trace) {
        this.trace = trace;
    }

    /**
     * Columns token, character, layer, expert, probability, dropped: everything, one row per token and layer, and per
     * choice where a token goes to several experts: there choice is a column after layer, the first is 0.
     */
    public Table tokens() {
        record Decision(Layer layer, int pair) {}
        Rows<Decision> rows = new Rows<>(trace.layers().stream()
                .flatMap(layer -> IntStream.range(0, trace.pairs()).mapToObj(pair -> new Decision(layer, pair)))
                .toList());
        BooleanColumn dropped = BooleanColumn.create("dropped");
        rows.rows().forEach(row -> dropped.append(row.layer().dropped()[row.pair()]));
        Table table = Table.create(
                "tokens",
                rows.count("token", row -> row.pair() / trace.choices()),
                rows.text("character", row -> shown(trace.text()[row.pair() / trace.choices()])),
                rows.count("layer", row -> row.layer().layer()),
                rows.count("choice", row -> row.pair() % trace.choices()),
                rows.count("expert", row -> row.layer().expert()[row.pair()]),
                rows.number("probability", row -> row.layer().probability()[row.pair()]),
                dropped);
        return trace.choices() == 1 ? table.rejectColumns("choice") : table;
    }

    /**
     * Columns layer, router_entropy (nats), confidence (of the first choice), dropped (share), utilization (what is
     * kept over the capacity of all experts), information (what the experts tell of the character's class: mutual
     * information over the entropy of the classes, 0 to 1).
     */
    public Table layers() {
        Rows<Layer> rows = new Rows<>(trace.layers());
        return Table.create(
                "layers",
                rows.count("layer", Layer::layer),
                rows.number(
                        "router_entropy",
                        layer -> Arrays.stream(layer.entropy()).average().orElseThrow()),
                rows.number(
                        "confidence",
                        layer -> IntStream.range(0, trace.tokens())
                                .mapToDouble(token -> layer.probability()[trace.firstPair(token)])
                                .average()
                                .orElseThrow()),
                rows.number("dropped", layer -> share(pair -> layer.dropped()[pair])),
                rows.number(
                        "utilization",
                        layer -> layer.capacity() == 0
                                ? 0
                                : count(pair -> !layer.dropped()[pair]) / (double) layer.capacity()),
                rows.number(
                        "information",
                        layer -> information(List.copyOf(classCounts(layer).values()))));
    }

    private long count(IntPredicate isCounted) {
        return IntStream.range(0, trace.pairs()).filter(isCounted).count();
    }

    /** Of all (token, choice) pairs of a layer. */
    private double share(IntPredicate isCounted) {
        return count(isCounted) / (double) trace.pairs();
    }

    /**
     * Columns layer, expert, load (share of the layer's choices), dropped (share of the same choices), characters (the
     * most frequent).
     */
    public Table experts() {
        record Expert(Layer layer, int number) {
            boolean takes(int pair) {
                return layer.expert()[pair] == number;
            }
        }
        Rows<Expert> rows = new Rows<>(trace.layers().stream()
                .flatMap(layer -> IntStream.range(0, trace.nExperts()).mapToObj(number -> new Expert(layer, number)))
                .toList());
        return Table.create(
                "experts",
                rows.count("layer", expert -> expert.layer().layer()),
                rows.count("expert", Expert::number),
                rows.number("load", expert -> share(expert::takes)),
                rows.number(
                        "dropped",
                        expert -> share(
                                pair -> expert.takes(pair) && expert.layer().dropped()[pair])),
                rows.text("characters", expert -> frequentCharacters(expert::takes)));
    }

    /**
     * Columns layer, class, expert, tokens, share: of the class' tokens, the share that goes to the expert (sums to 1
     * over experts). Only classes that occur.
     */
    public Table specialization() {
        record Share(Layer layer, CharacterClass kind, int[] counts, int expert) {}
        List<Share> shares = new ArrayList<>();
        for (Layer layer : trace.layers()) {
            classCounts(layer).forEach((kind, counts) -> {
                for (int expert = 0; expert < trace.nExperts(); expert++) {
                    shares.add(new Share(layer, kind, counts, expert));
                }
            });
        }
        Rows<Share> rows = new Rows<>(shares);
        return Table.create(
                "specialization",
                rows.count("layer", share -> share.layer().layer()),
                rows.text("class", share -> share.kind().label()),
                rows.count("expert", Share::expert),
                rows.count("tokens", share -> share.counts()[share.expert()]),
                rows.number("share", share -> share(share.counts(), share.expert())));
    }

    private static double share(int[] counts, int index) {
        return counts[index] / (double) Arrays.stream(counts).sum();
    }

    /**
     * Columns layer, expert, next_expert, share: of the tokens that {@code expert} of {@code layer} takes, the share
     * that {@code next_expert} takes in the next layer that has experts, by first choices. Only experts that take
     * tokens.
     */
    public Table coactivation() {
        record Share(int layer, int expert, int[] counts, int next) {}
        List<Share> shares = new ArrayList<>();
        for (int l = 0; l + 1 < trace.layers().size(); l++) {
            Layer layer = trace.layers().get(l);
            int[][] counts = new int[trace.nExperts()][trace.nExperts()];
            for (int token = 0; token < trace.tokens(); token++) {
                int first = trace.firstPair(token);
                counts[layer.expert()[first]][trace.layers().get(l + 1).expert()[first]]++;
            }
            for (int expert = 0; expert < trace.nExperts(); expert++) {
                boolean isUsed = Arrays.stream(counts[expert]).sum() > 0;
                for (int next = 0; isUsed && next < trace.nExperts(); next++) {
                    shares.add(new Share(layer.layer(), expert, counts[expert], next));
                }
            }
        }
        Rows<Share> rows = new Rows<>(shares);
        return Table.create(
                "coactivation",
                rows.count("layer", Share::layer),
                rows.count("expert", Share::expert),
                rows.count("next_expert", Share::next),
                rows.number("share", share -> share(share.counts(), share.next())));
    }

    /** Tokens by class and expert; only classes that occur. */
    Map<CharacterClass, int[]> classCounts(Layer layer) {
        Map<CharacterClass, int[]> counts = new EnumMap<>(CharacterClass.class);
        for (int pair = 0; pair < trace.pairs(); pair++) {
            CharacterClass own = CharacterClass.of(trace.text(), pair / trace.choices());
            counts.computeIfAbsent(own, kind -> new int[trace.nExperts()])[layer.expert()[pair]]++;
        }
        return counts;
    }

    private String frequentCharacters(IntPredicate isTaken) {
        Map<Integer, Integer> counts = new TreeMap<>();
        IntStream.range(0, trace.pairs())
                .filter(isTaken)
                .forEach(pair -> counts.merge(trace.text()[pair / trace.choices()], 1, Integer::sum));
        return counts.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .limit(CHARACTERS_SHOWN)
                .map(entry -> shown(entry.getKey()))
                .collect(Collectors.joining(" "));
    }

    /** Mutual information of row and column over the entropy of the rows; 0 if there is but one row. */
    public static double information(List<int[]> counts) {
        double total = counts.stream().mapToInt(row -> Arrays.stream(row).sum()).sum();
        double[] columns = new double[counts.get(0).length];
        for (int[] row : counts) {
            for (int c = 0; c < row.length; c++) {
                columns[c] += row[c];
            }
        }
        double mutual = 0;
        double entropy = 0;
        for (int[] row : counts) {
            double rowSum = Arrays.stream(row).sum();
            if (rowSum > 0) {
                entropy -= rowSum / total * Math.log(rowSum / total);
            }
            for (int c = 0; c < row.length; c++) {
                if (row[c] > 0) {
                    mutual += row[c] / total * Math.log(row[c] * total / (rowSum * columns[c]));
                }
            }
        }
        return entropy == 0 ? 0 : mutual / entropy;
    }

    /** A character that can be seen. */
    static String shown(int character) {
        return switch (character) {
            case ' ' -> "␣";
            case '\n' -> "⏎";
            case '\t' -> "⇥";
            default -> Character.toString(character);
        };
    }
}
