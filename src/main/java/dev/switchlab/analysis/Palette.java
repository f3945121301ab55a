package dev.switchlab.analysis;

import java.awt.Color;
import java.util.List;
import java.util.Locale;

/** Colours that stay apart with any colour vision: Okabe and Ito (2008). */
final class Palette {

    private static final List<String> OKABE_ITO =
            List.of("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#666666");
    /** How far a background is from its colour towards white, so that black text on it stays readable. */
    private static final double TINT = 0.5;

    private Palette() {}

    /**
     * The colour of line or bar {@code index}. After eight, the colours come again, darker each time: more than eight cannot be told apart
     * by colour alone, so everything that is coloured is also labelled.
     */
    static String color(int index) {
        Color color = Color.decode(OKABE_ITO.get(index % OKABE_ITO.size()));
        for (int round = 0; round < index / OKABE_ITO.size(); round++) {
            color = color.darker();
        }
        return hex(color);
    }

    /** The same colour as a background for black text. */
    static String background(int index) {
        Color color = Color.decode(color(index));
        return hex(new Color(tint(color.getRed()), tint(color.getGreen()), tint(color.getBlue())));
    }

    private static int tint(int channel) {
        return (int) Math.round(channel + (255 - channel) * TINT);
    }

    private static String hex(Color color) {
        return String.format(Locale.ROOT, "#%06X", color.getRGB() & 0xFFFFFF);
    }
}
