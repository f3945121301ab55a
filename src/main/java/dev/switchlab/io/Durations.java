package dev.switchlab.io;

import java.util.Locale;

/** Durations as text. */
public final class Durations {

    private Durations() {}

    /** {@code 14 s}, {@code 3:20 min}, {@code 1:05 h}. */
    public static String text(double seconds) {
        long s = Math.round(seconds);
        if (s < 60) {
            return s + " s";
        }
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d min", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d h", s / 3600, s / 60 % 60);
    }
}
