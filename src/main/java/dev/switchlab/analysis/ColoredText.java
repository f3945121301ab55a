package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.Palette;
import dev.switchlab.page.Markup;
import dev.switchlab.train.RoutingTrace;
import java.util.List;

/** A traced text as HTML, each character on the colour of the expert that took it; a dropped one is struck through. */
final class ColoredText {

    /** What tells the experts apart that have the same colour. */
    private static final List<String> LINES = List.of("solid", "dotted", "dashed", "double");

    private ColoredText() {}

    /** The CSS of {@code nExperts} experts. */
    static String style(int nExperts) {
        StringBuilder css = new StringBuilder();
        for (int e = 0; e < nExperts; e++) {
            String line = e < Palette.COLORS
                    ? ""
                    : ";border-bottom:2px " + LINES.get((e / Palette.COLORS - 1) % LINES.size()) + " #222";
            css.append(".e" + e + "{background:" + Palette.background(e) + line + "}");
        }
        return css.toString();
    }

    /** Which colour is which expert. */
    static String key(int nExperts) {
        Markup html = new Markup().open("p");
        for (int e = 0; e < nExperts; e++) {
            html.element("span", "expert " + e, "class", "key e" + e);
        }
        html.open("span", "class", "key").element("s", "dropped").close();
        return html.close().text("\n").toString();
    }

    /**
     * The first {@code length} characters as one layer routes them, by their first choice. Pointing at a run of
     * characters that share an expert shows the expert and, per character, the router's probability for it in percent.
     */
    static String layer(RoutingTrace trace, int layer, int length) {
        RoutingTrace.Layer routing = trace.layers().get(layer);
        int end = Math.min(length, trace.tokens());
        Markup html = new Markup().open("pre", "class", "routed");
        for (int from = 0, to; from < end; from = to) {
            to = endOfRun(trace, routing, from, end);
            int expert = routing.expert()[trace.firstPair(from)];
            boolean isDropped = routing.dropped()[trace.firstPair(from)];
            StringBuilder probabilities = new StringBuilder();
            StringBuilder characters = new StringBuilder();
            for (int token = from; token < to; token++) {
                probabilities
                        .append(Math.round(100 * routing.probability()[trace.firstPair(token)]))
                        .append(' ');
                characters.append(trace.text()[token] == '\n' ? "⏎\n" : Character.toString(trace.text()[token]));
            }
            html.element(
                    "i",
                    characters.toString(),
                    "class title",
                    "e" + expert + (isDropped ? " d" : ""),
                    expert + (isDropped ? ", dropped: " : ": ") + probabilities + "%");
        }
        return html.close().text("\n").toString();
    }

    private static int endOfRun(RoutingTrace trace, RoutingTrace.Layer routing, int from, int end) {
        int first = trace.firstPair(from);
        int to = from + 1;
        while (to < end
                && routing.expert()[trace.firstPair(to)] == routing.expert()[first]
                && routing.dropped()[trace.firstPair(to)] == routing.dropped()[first]) {
            to++;
        }
        return to;
    }
}
