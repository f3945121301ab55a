package dev.switchlab.lab;

import dev.switchlab.analysis.RoutingTables;
import dev.switchlab.train.RoutingTrace;
import dev.switchlab.train.RoutingTrace.Layer;
import java.util.Arrays;
import java.util.Locale;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.Table;

/**
 * Which expert each character of a text went to, in each layer. Prints as the text with the experts' numbers below it.
 *
 * @param trace every router decision
 */
public record Routes(RoutingTrace trace) {

    private static final int WIDTH = 72;

    private RoutingTables tables() {
        return new RoutingTables(trace);
    }

    /** One row per layer and character: token, character, layer, expert, probability, dropped. */
    public LabTable tokens() {
        return new LabTable(tables().tokens());
    }

    /**
     * One row per layer: router_entropy (nats), confidence, dropped, utilization, and information: how much of a character's class its
     * expert tells, from 0 to 1.
     */
    public LabTable layers() {
        return new LabTable(tables().layers());
    }

    /** One row per layer and expert: load, dropped (both shares of the characters), and the characters that it takes most often. */
    public LabTable experts() {
        return new LabTable(tables().experts());
    }

    /** One row per layer and class of characters: how many they are, and the share of them that each expert takes. */
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
            tokens.append(all);
        }
        shares.data().insertColumn(2, tokens);
        return shares;
    }

    /** One row per layer and expert: of the characters that it takes, the share that each expert of the next layer takes. */
    public LabTable coactivation() {
        return new LabTable(tables().coactivation()).wide("next_expert", "share");
    }

    /** The expert of a character; of several, its first choice. */
    public int expert(int layer, int position) {
        return Guard.call(() -> trace.layers().get(layer).expert()[trace.firstPair(position)]);
    }

    /** Different experts in use in a layer. */
    public int expertsInUse(int layer) {
        return Guard.call(() -> (int)
                Arrays.stream(trace.layers().get(layer).expert()).distinct().count());
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
            for (int l = 0; l < trace.layers().size(); l++) {
                Layer layer = trace.layers().get(l);
                text.append(String.format(Locale.ROOT, "%nlayer %-3d", layer.layer()));
                for (int i = from; i < to; i++) {
                    int first = trace.firstPair(i);
                    drops |= layer.dropped()[first];
                    text.append(layer.dropped()[first] ? '·' : digit(layer.expert()[first]));
                }
            }
        }
        return text + (drops ? "\n· a dropped token" : "");
    }

    /** 0 to 9, a to z, A to Z, then #. */
    private static char digit(int expert) {
        String digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        return expert < digits.length() ? digits.charAt(expert) : '#';
    }
}
