package dev.switchlab.distributed;

import dev.switchlab.io.Sha256;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a rank is made of, name to value: what has to be equal on all ranks. */
record Facts(SortedMap<String, String> values) {

    private static final String SEPARATOR = "\u0000";

    /** For the way to another rank. */
    String text() {
        StringBuilder text = new StringBuilder();
        values.forEach((name, value) ->
                text.append(name).append(SEPARATOR).append(value).append(SEPARATOR));
        return text.toString();
    }

    static Facts ofText(String text) {
        SortedMap<String, String> values = new TreeMap<>();
        String[] words = text.split(SEPARATOR, -1);
        for (int i = 0; i + 1 < words.length; i += 2) {
            values.put(words[i], words[i + 1]);
        }
        return new Facts(values);
    }

    String digest() {
        return Sha256.of(text());
    }

    /** The first of these facts of rank 0 that is another one on {@code rank}, as a line. */
    Optional<String> difference(Facts theirs, int rank) {
        Map<String, String> all = new TreeMap<>(values);
        theirs.values.forEach(all::putIfAbsent);
        for (String name : all.keySet()) {
            String here = values.getOrDefault(name, "");
            String there = theirs.values.getOrDefault(name, "");
            if (!here.equals(there)) {
                return Optional.of(
                        "rank %d is another program than rank 0: its %s is '%s', rank 0 has '%s'; all ranks must be of one build, on one kind of machine"
                                .formatted(rank, name, there, here));
            }
        }
        return Optional.empty();
    }
}
