package dev.switchlab.data;

import java.util.Arrays;

/**
 * A text to train on. For the tokenizer {@code bytes} it has a character for each byte.
 *
 * @param name a known name, or the path it was read from
 * @param sha256 of the bytes it was read from, in lower-case hexadecimal
 * @param text without byte order mark, lines ended by {@code \n}
 */
public record Corpus(String name, String sha256, String text) {

    /** What ends each file in a corpus of files: form feed, which no file of such a corpus has. */
    static final char END_OF_FILE = '\f';

    /** Whether it is put together from files, of which none may stand on both sides of a split. */
    boolean isOfFiles() {
        return name.equals(JavaSources.NAME);
    }

    /** What people call a text: the file's name of a path. */
    public static String shortName(String name) {
        return name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
    }

    /** Unicode code points. */
    public int characters() {
        return text.codePointCount(0, text.length());
    }

    /**
     * Entropy of the frequencies of characters, {@code -sum p ln p}, in nats per character: the loss of a model that
     * knows letter frequencies and no more. 0 for an empty text.
     */
    public double unigramEntropy() {
        int[] counts = new int[Character.MAX_CODE_POINT + 1];
        text.codePoints().forEach(c -> counts[c]++);
        double total = characters();
        return Arrays.stream(counts)
                .filter(count -> count > 0)
                .mapToDouble(count -> -count / total * Math.log(count / total))
                .sum();
    }
}
