package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.Palette;
import dev.switchlab.page.Html;
import dev.switchlab.train.RoutingTrace;
import java.util.List;
import java.util.Locale;

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

    /** The first {@code length} characters as one layer routes them; pointing at one shows its expert and probability. */
    static String layer(RoutingTrace trace, int layer, int length) {
        RoutingTrace.Layer routing = trace.layers().get(layer);
        StringBuilder html = new StringBuilder("<pre class=\"routed\">");
        for (int token = 0; token < Math.min(length, trace.tokens()); token++) {
            int character = trace.text()[token];
            boolean isDropped = routing.dropped()[token];
            html.append(String.format(
                    Locale.ROOT,
                    "<span class=\"e%d%s\" title=\"%d, p %.2f%s\">%s</span>",
                    routing.expert()[token],
                    isDropped ? " d" : "",
                    routing.expert()[token],
                    routing.probability()[token],
                    isDropped ? ", dropped" : "",
                    character == '\n' ? "⏎\n" : Html.escape(Character.toString(character))));
        }
        return html.append("</pre>\n").toString();
    }
}
