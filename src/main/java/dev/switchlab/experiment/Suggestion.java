package dev.switchlab.experiment;

import java.util.Collection;
import java.util.Comparator;
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

    /** Levenshtein distance, by single letters, case ignored. */
    static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                boolean same = Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
                int replace = previous[j - 1] + (same ? 0 : 1);
                current[j] = Math.min(replace, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
