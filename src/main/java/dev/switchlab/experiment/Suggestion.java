package dev.switchlab.experiment;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** "Did you mean": the known name that is nearest to a misspelt one. */
final class Suggestion {
    private Suggestion() {}

    /** {@code "; did you mean heads?"}, or nothing when no known name is near. */
    static String of(String name, Collection<String> known) {
        return nearest(name, known).map(n -> "; did you mean " + n + "?").orElse("");
    }

    /** Dotted names are also compared by their last part, so that a key in the wrong section finds its place. */
    static Optional<String> nearest(String name, Collection<String> known) {
        record Scored(String name, int distance) {}
        // A third of the letters may be wrong; more than that is a different word.
        int limit = Math.max(1, last(name).length() / 3);
        return known.stream()
                .map(candidate -> new Scored(candidate, distance(name, candidate)))
                .filter(scored -> scored.distance() <= limit)
                .min(Comparator.comparingInt(Scored::distance))
                .or(() -> known.stream()
                        .map(candidate -> new Scored(candidate, distance(last(name), last(candidate))))
                        .filter(scored -> scored.distance() <= limit)
                        .min(Comparator.comparingInt(Scored::distance)))
                .map(Scored::name);
    }

    private static String last(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** Edit distance by single letters, two swapped neighbours counted as one; case ignored. */
    static int distance(String first, String second) {
        String a = first.toLowerCase(Locale.ROOT);
        String b = second.toLowerCase(Locale.ROOT);
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int replace = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                d[i][j] = Math.min(replace, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
