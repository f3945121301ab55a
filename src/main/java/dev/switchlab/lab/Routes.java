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
 * Which experts each character of a text went to, in each layer that has experts; layers are numbered as in the
 * transformer. Prints as the text with the experts' numbers below it, one line per layer and choice.
 *
 * @param trace every router decision
 */
public record Routes(RoutingTrace trace) {

    private static final int WIDTH = 72;

    private RoutingTables tables() {
        return new RoutingTables(trace);
    }

    /**
     * One row per layer and character: token, character, layer, expert, probability, dropped; per choice where a
     * character has several.
     */
    public LabTable tokens() {
        return new LabTable(tables().tokens());
    }

    /**
     * One row per layer: router_entropy (nats), confidence, dropped, utilization, and information: how much of a
     * character's class its expert tells, from 0 to 1.
     */
    public LabTable layers() {
        return new LabTable(tables().layers());
    }

    /**
     * One row per layer and expert: load, dropped (both shares of what the layer sends out), and the characters that it
     * takes most often.
     */
    public LabTable experts() {
        return new LabTable(tables().experts());
    }

    /**
     * One row per layer and class of characters: how many they are, and the share of what they send out that each
     * expert takes.
     */
    public LabTable specialization() {
        Table table = tables().specialization();
        LabTable shares =
                new LabTable(table).select("layer", "class", "expert", "share").wide("expert", "share");
        IntColumn tokens = IntColumn.create("tokens");
        for (int from = 0; from < table.rowCount(); from += trace.nExperts()) {
            int all = 0;
            for (int expert = 0; expert < trace.nExperts(); expert++) {
                all += table.intColumn("tokens").getInt(from + expert);
            }
            tokens.append(all / trace.choices());
        }
        shares.data().insertColumn(2, tokens);
        return shares;
    }

    /**
     * One row per layer and expert: of the characters that it takes, the share that each expert of the next layer
     * takes; by first choices.
     */
    public LabTable coactivation() {
        return new LabTable(tables().coactivation()).wide("next_expert", "share");
    }

    /** The expert of a character; of several, its first choice. */
    public int expert(int layer, int position) {
        return choices(layer, position)[0];
    }

    /** The experts of a character, its first choice first. */
    public int[] choices(int layer, int position) {
        return Guard.call(() -> {
            if (position < 0 || position >= trace.tokens()) {
                throw new LabException("there is no character " + position + ", allowed: 0 to " + (trace.tokens() - 1));
            }
            int first = trace.firstPair(position);
            return Arrays.copyOfRange(layer(layer).expert(), first, first + trace.choices());
        });
    }

    /** Different experts in use in a layer. */
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
                    String head = choice == 0 ? "layer " + layer.layer() : "   " + ModelWords.ordinal(choice + 1);
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
