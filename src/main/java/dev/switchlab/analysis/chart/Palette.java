package dev.switchlab.analysis.chart;

import java.awt.Color;
import java.util.List;
import java.util.Locale;

/**
 * Colors that stay apart with any color vision: Okabe and Ito (2008) for lines and bars, Cividis (Nuñez, Anderton and
 * Renslow, 2018) for heat maps.
 */
public final class Palette {

    private static final List<String> OKABE_ITO =
            List.of("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#666666");
    /** Stops at equal distances. */
    private static final List<String> CIVIDIS = List.of(
            "#00204C", "#002A66", "#00346E", "#273F6C", "#3C4A6B", "#4C556B", "#5B5F6D", "#686A70", "#757575",
            "#838178", "#928C78", "#A19876", "#B0A572", "#C0B16D", "#D1BF66", "#E1CC5C", "#F3DB4F", "#FFE945");
    /** How many colors there are before they come again. */
    public static final int COLORS = OKABE_ITO.size();

    /** How far a background is from its color towards white, so that black text on it stays readable. */
    private static final double TINT = 0.5;

    private Palette() {}

    /**
     * The color of line or bar {@code index}. After eight, the colors come again, darker each time: more than eight
     * cannot be told apart by color alone, so lines are also dashed, and everything that is colored is also labeled.
     */
    public static String color(int index) {
        Color color = Color.decode(OKABE_ITO.get(index % OKABE_ITO.size()));
        for (int round = 0; round < index / OKABE_ITO.size(); round++) {
            color = color.darker();
        }
        return hex(color);
    }

    /**
     * The color of a line: that of {@link #color}, but black for the yellow that a thin line on white would be lost in.
     */
    static String line(int index) {
        return index % COLORS == OKABE_ITO.indexOf("#F0E442") ? "#000000" : color(index);
    }

    /** Color {@code index} as a background for black text; it comes again after {@link #COLORS}. */
    public static String background(int index) {
        return between(Color.decode(OKABE_ITO.get(index % COLORS)), Color.WHITE, TINT);
    }

    /** Cividis at {@code share} from 0 (dark) to 1 (light). */
    static String cividis(double share) {
        double place = Math.min(1, Math.max(0, share)) * (CIVIDIS.size() - 1);
        int stop = (int) Math.min(CIVIDIS.size() - 2, place);
        return between(Color.decode(CIVIDIS.get(stop)), Color.decode(CIVIDIS.get(stop + 1)), place - stop);
    }

    private static String between(Color low, Color high, double part) {
        return hex(new Color(
                between(low.getRed(), high.getRed(), part),
                between(low.getGreen(), high.getGreen(), part),
                between(low.getBlue(), high.getBlue(), part)));
    }

    private static int between(int low, int high, double part) {
        return (int) Math.round(low + (high - low) * part);
    }

    private static String hex(Color color) {
        return String.format(Locale.ROOT, "#%06X", color.getRGB() & 0xFFFFFF);
    }
}
