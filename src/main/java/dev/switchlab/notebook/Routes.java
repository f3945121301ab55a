package dev.switchlab.notebook;

import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** Which expert each character of a text went to, in each layer. Prints as the text with the experts' numbers below it. */
public final class Routes {

    private static final int WIDTH = 72;

    private final int[] characters;
    private final List<Layer> layers;

    private Routes(int[] characters, List<Layer> layers) {
        this.characters = characters;
        this.layers = layers;
    }

    /** One layer on the host; probabilities are of the chosen expert. */
    private record Layer(int[] experts, double[] probabilities, boolean[] dropped, RoutingStatistics statistics) {}

    /**
     * @param text one code point a token
     * @param routing one entry a switch layer
     */
    static Routes of(String text, List<Routing> routing) {
        List<Layer> layers = new ArrayList<>();
        for (Routing layer : routing) {
            int n = layer.plan().tokens();
            int e = layer.plan().experts();
            int[] experts = new int[n];
            double[] probabilities = new double[n];
            boolean[] dropped = new boolean[n];
            for (int token = 0; token < n; token++) {
                experts[token] = layer.plan().route(token);
                probabilities[token] = layer.probabilities()[token * e + experts[token]];
            }
            for (int token : layer.plan().dropped()) {
                dropped[token] = true;
            }
            layers.add(new Layer(experts, probabilities, dropped, RoutingStatistics.of(layer)));
        }
        return new Routes(text.codePoints().toArray(), layers);
    }

    /** One row a layer and character. */
    public LabTable table() {
        IntColumn position = IntColumn.create("position");
        IntColumn layerColumn = IntColumn.create("layer");
        StringColumn character = StringColumn.create("character");
        StringColumn kind = StringColumn.create("kind");
        IntColumn expert = IntColumn.create("expert");
        DoubleColumn probability = DoubleColumn.create("probability");
        StringColumn dropped = StringColumn.create("dropped");
        for (int l = 0; l < layers.size(); l++) {
            Layer layer = layers.get(l);
            for (int i = 0; i < characters.length; i++) {
                position.append(i);
                layerColumn.append(l);
                character.append(Character.toString(characters[i]));
                kind.append(CharacterKind.of(characters[i]).label());
                expert.append(layer.experts[i]);
                probability.append(layer.probabilities[i]);
                dropped.append(layer.dropped[i] ? "yes" : "no");
            }
        }
        return new LabTable(
                Table.create("routes", layerColumn, position, character, kind, expert, probability, dropped));
    }

    /** One row a layer and expert: load, mean router probability, dropped share, utilization. */
    public LabTable load() {
        IntColumn layerColumn = IntColumn.create("layer");
        IntColumn expert = IntColumn.create("expert");
        DoubleColumn load = DoubleColumn.create("load");
        DoubleColumn probability = DoubleColumn.create("probability");
        DoubleColumn dropped = DoubleColumn.create("dropped");
        DoubleColumn utilization = DoubleColumn.create("utilization");
        for (int l = 0; l < layers.size(); l++) {
            List<RoutingStatistics.Expert> experts = layers.get(l).statistics.experts();
            for (int e = 0; e < experts.size(); e++) {
                layerColumn.append(l);
                expert.append(e);
                load.append(experts.get(e).load());
                probability.append(experts.get(e).probability());
                dropped.append(experts.get(e).dropped());
                utilization.append(experts.get(e).utilization());
            }
        }
        return new LabTable(Table.create("load", layerColumn, expert, load, probability, dropped, utilization));
    }

    /** One row a layer and kind of character: its count, and the share of it that each expert takes. */
    public LabTable byKind() {
        IntColumn layerColumn = IntColumn.create("layer");
        StringColumn kindColumn = StringColumn.create("kind");
        IntColumn count = IntColumn.create("characters");
        List<DoubleColumn> shares = new ArrayList<>();
        int nExperts = layers.get(0).statistics.experts().size();
        for (int e = 0; e < nExperts; e++) {
            shares.add(DoubleColumn.create("expert " + e));
        }
        for (int l = 0; l < layers.size(); l++) {
            for (CharacterKind kind : CharacterKind.values()) {
                int[] counts = counts(layers.get(l), kind, nExperts);
                int all = Arrays.stream(counts).sum();
                if (all > 0) {
                    layerColumn.append(l);
                    kindColumn.append(kind.label());
                    count.append(all);
                    for (int e = 0; e < nExperts; e++) {
                        shares.get(e).append((double) counts[e] / all);
                    }
                }
            }
        }
        Table table = Table.create("by kind", layerColumn, kindColumn, count);
        shares.forEach(table::addColumns);
        return new LabTable(table);
    }

    private int[] counts(Layer layer, CharacterKind kind, int nExperts) {
        int[] counts = new int[nExperts];
        for (int i = 0; i < characters.length; i++) {
            if (CharacterKind.of(characters[i]) == kind) {
                counts[layer.experts[i]]++;
            }
        }
        return counts;
    }

    /** Layers with experts. */
    public int layers() {
        return layers.size();
    }

    /** The expert of a character. */
    public int expert(int layer, int position) {
        return Guard.call(() -> layers.get(layer).experts[position]);
    }

    /** Different experts in use in a layer. */
    public int expertsInUse(int layer) {
        return Guard.call(() -> {
            Set<Integer> used = new HashSet<>();
            Arrays.stream(layers.get(layer).experts).forEach(used::add);
            return used.size();
        });
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int from = 0; from < characters.length; from += WIDTH) {
            int to = Math.min(from + WIDTH, characters.length);
            text.append("\n         ");
            for (int i = from; i < to; i++) {
                text.appendCodePoint(characters[i] == '\n' ? '↵' : characters[i]);
            }
            for (int l = 0; l < layers.size(); l++) {
                text.append(String.format(java.util.Locale.ROOT, "%nlayer %-3d", l));
                for (int i = from; i < to; i++) {
                    text.append(layers.get(l).dropped[i] ? '·' : digit(layers.get(l).experts[i]));
                }
            }
        }
        boolean drops = layers.stream().anyMatch(layer -> layer.statistics.droppedFraction() > 0);
        return text + (drops ? "\n· a dropped token" : "");
    }

    /** 0 to 9, a to z, A to Z, then #. */
    private static char digit(int expert) {
        String digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        return expert < digits.length() ? digits.charAt(expert) : '#';
    }
}
