package dev.switchlab.lab;

import dev.switchlab.analysis.RoutingTables;
import dev.switchlab.train.RoutingTrace;
import dev.switchlab.train.RoutingTrace.Layer;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.Table;

/**
 * The experts of each character of a text, in each sparse layer; layers are numbered as in the transformer. Prints as
 * the text with the experts' numbers below, one line per layer and choice.
 *
 * @param trace every router decision
 */
public record Routes(RoutingTrace trace) {

    private static final int WIDTH = 72;

    private RoutingTables tables() {
        return new RoutingTables(trace);
    }

    /** One row per layer, character and choice: token, character, layer, expert, probability, dropped. */
    public Table tokens() {
        return tables().tokens();
    }

    /**
     * One row per layer: router_entropy (nats), confidence, dropped, utilization, and information: how much an expert
     * tells about a character's class, from 0 to 1.
     */
    public Table layers() {
        return tables().layers();
    }

    /**
     * One row per layer and expert: load, dropped (both shares of all choices of the layer), most frequent characters.
     */
    public Table experts() {
        return tables().experts();
    }

    /** One row per layer and class of characters: number of characters, and each expert's share of their choices. */
    public Table specialization() {
        Table table = tables().specialization();
        Table shares = Tables.wide(table.selectColumns("layer", "class", "expert", "share"), "expert", "share");
        IntColumn tokens = IntColumn.create("tokens");
        for (int from = 0; from < table.rowCount(); from += trace.nExperts()) {
            int all = 0;
            for (int expert = 0; expert < trace.nExperts(); expert++) {
                all += table.intColumn("tokens").getInt(from + expert);
            }
            tokens.append(all / trace.choices());
        }
        return shares.insertColumn(2, tokens);
    }

    /** One row per layer and expert: shares of the next layer's experts in its characters, by first choices. */
    public Table coactivation() {
        return Tables.wide(tables().coactivation(), "next_expert", "share");
    }

    /** The number of experts of a layer that are in use. */
    public int expertsInUse(int layer) {
        return Guard.call(
                () -> (int) Arrays.stream(layer(layer).expert()).distinct().count());
    }

    private Layer layer(int number) {
        return trace.layers().stream()
                .filter(layer -> layer.layer() == number)
                .findFirst()
                .orElseThrow(() -> new LabException("layer " + number + " has no experts, allowed: "
                        + trace.layers().stream()
                                .map(layer -> String.valueOf(layer.layer()))
                                .collect(Collectors.joining(", "))));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        boolean drops = false;
        for (int from = 0; from < trace.tokens(); from += WIDTH) {
            int to = Math.min(from + WIDTH, trace.tokens());
            text.append("\n         ");
            for (int i = from; i < to; i++) {
                text.appendCodePoint(trace.text()[i] == '\n' ? '⏎' : trace.text()[i]);
            }
            for (Layer layer : trace.layers()) {
                for (int choice = 0; choice < trace.choices(); choice++) {
                    String head = choice == 0 ? "layer " + layer.layer() : "   " + LabModel.ordinal(choice + 1);
                    text.append(String.format(Locale.ROOT, "%n%-9s", head));
                    for (int i = from; i < to; i++) {
                        int pair = trace.firstPair(i) + choice;
                        drops |= layer.dropped()[pair];
                        text.append(layer.dropped()[pair] ? '·' : digit(layer.expert()[pair]));
                    }
                }
            }
        }
        return text + (drops ? trace.choices() == 1 ? "\n· a dropped token" : "\n· a dropped choice" : "");
    }

    /** 0 to 9, a to z, A to Z, then #. */
    private static char digit(int expert) {
        String digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        return expert < digits.length() ? digits.charAt(expert) : '#';
    }
}
