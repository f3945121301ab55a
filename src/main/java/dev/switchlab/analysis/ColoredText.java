package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.Palette;
import dev.switchlab.page.Html;
import dev.switchlab.train.RoutingTrace;
import java.util.List;

/** A traced text as HTML, each character on the colour of the expert that took it; a dropped one is struck through. */
final class ColoredText {

    /** What tells the experts apart that have the same colour. */
    private static final List<String> LINES = List.of("solid", "dotted", "dashed", "double");

    private ColoredText() {}

    /** The style of {@code nExperts} experts. */
    static String style(int nExperts) {
        StringBuilder css = new StringBuilder("<style>");
        for (int e = 0; e < nExperts; e++) {
            css.append(".e")
                    .append(e)
                    .append("{background:")
                    .append(Palette.background(e))
                    .append(
                            e < Palette.COLORS
                                    ? "}"
                                    : ";border-bottom:2px " + LINES.get((e / Palette.COLORS - 1) % LINES.size())
                                            + " #222}");
        }
        return css.append("</style>\n").toString();
    }

    /** Which colour is which expert. */
    static String key(int nExperts) {
        StringBuilder html = new StringBuilder("<p>");
        for (int e = 0; e < nExperts; e++) {
            html.append("<span class=\"key e" + e + "\">expert " + e + "</span>");
        }
        return html.append("<span class=\"key\"><s>dropped</s></span></p>\n").toString();
    }

    /**
     * The first {@code length} characters as one layer routes them, by their first choice. Pointing at a run of
     * characters that share an expert shows the expert and, per character, the router's probability for it in percent.
     */
    static String layer(RoutingTrace trace, int layer, int length) {
        RoutingTrace.Layer routing = trace.layers().get(layer);
        int end = Math.min(length, trace.tokens());
        StringBuilder html = new StringBuilder("<pre class=\"routed\">");
        for (int from = 0, to; from < end; from = to) {
            int first = trace.firstPair(from);
            to = endOfRun(trace, routing, from, end);
            html.append("<i class=\"e").append(routing.expert()[first]);
            html.append(routing.dropped()[first] ? " d\" title=\"" : "\" title=\"")
                    .append(routing.expert()[first]);
            html.append(routing.dropped()[first] ? ", dropped:" : ":");
            for (int token = from; token < to; token++) {
                html.append(' ').append(Math.round(100 * routing.probability()[trace.firstPair(token)]));
            }
            html.append(" %\">");
            for (int token = from; token < to; token++) {
                int character = trace.text()[token];
                html.append(character == '\n' ? "⏎\n" : Html.escape(Character.toString(character)));
            }
            html.append("</i>");
        }
        return html.append("</pre>\n").toString();
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
