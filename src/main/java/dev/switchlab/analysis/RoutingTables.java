package dev.switchlab.analysis;

import dev.switchlab.train.RoutingTrace;
import dev.switchlab.train.RoutingTrace.Layer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import tech.tablesaw.api.BooleanColumn;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** What a trace shows, as Tablesaw tables. Layers and experts are numbered from 0; shares are between 0 and 1. */
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
        IntColumn choice = IntColumn.create("choice");
        Table table = Table.create(
                "tokens",
                IntColumn.create("token"),
                StringColumn.create("character"),
                IntColumn.create("layer"),
                IntColumn.create("expert"),
                DoubleColumn.create("probability"),
                BooleanColumn.create("dropped"));
        for (int l = 0; l < trace.layers().size(); l++) {
            Layer layer = trace.layers().get(l);
            for (int pair = 0; pair < trace.pairs(); pair++) {
                int token = pair / trace.choices();
                table.intColumn("token").append(token);
                table.stringColumn("character").append(shown(trace.text()[token]));
                table.intColumn("layer").append(layer.layer());
                choice.append(pair % trace.choices());
                table.intColumn("expert").append(layer.expert()[pair]);
                table.doubleColumn("probability").append(layer.probability()[pair]);
                table.booleanColumn("dropped").append(layer.dropped()[pair]);
            }
        }
        return trace.choices() == 1 ? table : table.insertColumn(table.columnIndex("layer") + 1, choice);
    }

    /**
     * Columns layer, router_entropy (nats), confidence (of the first choice), dropped (share), utilization (what is
     * kept over the capacity of all experts), information (what the experts tell of the character's class: mutual
     * information over the entropy of the classes, 0 to 1).
     */
    public Table layers() {
        Table table = Table.create(
                "layers",
                IntColumn.create("layer"),
                DoubleColumn.create("router_entropy"),
                DoubleColumn.create("confidence"),
                DoubleColumn.create("dropped"),
                DoubleColumn.create("utilization"),
                DoubleColumn.create("information"));
        for (int l = 0; l < trace.layers().size(); l++) {
            Layer layer = trace.layers().get(l);
            double confidence = 0;
            int dropped = 0;
            for (int token = 0; token < trace.tokens(); token++) {
                confidence += layer.probability()[trace.firstPair(token)];
            }
            for (boolean isDropped : layer.dropped()) {
                dropped += isDropped ? 1 : 0;
            }
            table.intColumn("layer").append(layer.layer());
            table.doubleColumn("router_entropy")
                    .append(Arrays.stream(layer.entropy()).average().orElseThrow());
            table.doubleColumn("confidence").append(confidence / trace.tokens());
            table.doubleColumn("dropped").append((double) dropped / trace.pairs());
            table.doubleColumn("utilization")
                    .append(layer.capacity() == 0 ? 0 : (double) (trace.pairs() - dropped) / layer.capacity());
            table.doubleColumn("information")
                    .append(information(List.copyOf(classCounts(l).values())));
        }
        return table;
    }

    /**
     * Columns layer, expert, load (share of what the layer's router sends out), dropped (share of the same), characters
     * (those it takes most often).
     */
    public Table experts() {
        Table table = Table.create(
                "experts",
                IntColumn.create("layer"),
                IntColumn.create("expert"),
                DoubleColumn.create("load"),
                DoubleColumn.create("dropped"),
                StringColumn.create("characters"));
        for (int l = 0; l < trace.layers().size(); l++) {
            Layer layer = trace.layers().get(l);
            for (int expert = 0; expert < trace.nExperts(); expert++) {
                int load = 0;
                int dropped = 0;
                for (int pair = 0; pair < trace.pairs(); pair++) {
                    if (layer.expert()[pair] == expert) {
                        load++;
                        dropped += layer.dropped()[pair] ? 1 : 0;
                    }
                }
                table.intColumn("layer").append(layer.layer());
                table.intColumn("expert").append(expert);
                table.doubleColumn("load").append((double) load / trace.pairs());
                table.doubleColumn("dropped").append((double) dropped / trace.pairs());
                table.stringColumn("characters").append(frequentCharacters(l, expert));
            }
        }
        return table;
    }

    /**
     * Columns layer, class, expert, tokens, share: of the class' tokens, the share that goes to the expert (sums to 1
     * over experts). Only classes that occur.
     */
    public Table specialization() {
        Table table = Table.create(
                "specialization",
                IntColumn.create("layer"),
                StringColumn.create("class"),
                IntColumn.create("expert"),
                IntColumn.create("tokens"),
                DoubleColumn.create("share"));
        for (int l = 0; l < trace.layers().size(); l++) {
            for (Map.Entry<CharacterClass, int[]> entry : classCounts(l).entrySet()) {
                CharacterClass kind = entry.getKey();
                int total = Arrays.stream(entry.getValue()).sum();
                for (int expert = 0; expert < trace.nExperts(); expert++) {
                    int count = entry.getValue()[expert];
                    table.intColumn("layer").append(trace.layers().get(l).layer());
                    table.stringColumn("class").append(kind.label());
                    table.intColumn("expert").append(expert);
                    table.intColumn("tokens").append(count);
                    table.doubleColumn("share").append((double) count / total);
                }
            }
        }
        return table;
    }

    /**
     * Columns layer, expert, next_expert, share: of the tokens that {@code expert} of {@code layer} takes, the share
     * that {@code next_expert} takes in the next layer that has experts, by first choices. Only experts that take
     * tokens.
     */
    public Table coactivation() {
        Table table = Table.create(
                "coactivation",
                IntColumn.create("layer"),
                IntColumn.create("expert"),
                IntColumn.create("next_expert"),
                DoubleColumn.create("share"));
        for (int l = 0; l + 1 < trace.layers().size(); l++) {
            int[][] counts = new int[trace.nExperts()][trace.nExperts()];
            for (int token = 0; token < trace.tokens(); token++) {
                int first = trace.firstPair(token);
                counts[trace.layers().get(l).expert()[first]][
                        trace.layers().get(l + 1).expert()[first]]++;
            }
            for (int from = 0; from < trace.nExperts(); from++) {
                int total = Arrays.stream(counts[from]).sum();
                for (int to = 0; total > 0 && to < trace.nExperts(); to++) {
                    table.intColumn("layer").append(trace.layers().get(l).layer());
                    table.intColumn("expert").append(from);
                    table.intColumn("next_expert").append(to);
                    table.doubleColumn("share").append((double) counts[from][to] / total);
                }
            }
        }
        return table;
    }

    /** Tokens by class and expert; only classes that occur. */
    private Map<CharacterClass, int[]> classCounts(int layer) {
        Map<CharacterClass, int[]> counts = new EnumMap<>(CharacterClass.class);
        for (int pair = 0; pair < trace.pairs(); pair++) {
            CharacterClass own = CharacterClass.of(trace.text(), pair / trace.choices());
            counts.computeIfAbsent(own, kind -> new int[trace.nExperts()])[
                    trace.layers().get(layer).expert()[pair]]++;
        }
        return counts;
    }

    private String frequentCharacters(int layer, int expert) {
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int pair = 0; pair < trace.pairs(); pair++) {
            if (trace.layers().get(layer).expert()[pair] == expert) {
                counts.merge(trace.text()[pair / trace.choices()], 1, Integer::sum);
            }
        }
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
