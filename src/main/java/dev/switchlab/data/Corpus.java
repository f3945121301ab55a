package dev.switchlab.data;

/**
 * A text to train on.
 *
 * @param name a known name, or the path it was read from
 * @param sha256 of the bytes it was read from, in lower-case hexadecimal
 * @param text without byte order mark, lines ended by {@code \n}
 */
public record Corpus(String name, String sha256, String text) {

    /** Unicode code points. */
    public int characters() {
        return text.codePointCount(0, text.length());
    }

    /**
     * {@link UnigramEntropy} of the text, in nats per character: the loss of a model that knows letter frequencies and
     * no more.
     */
    public double unigramEntropy() {
        return UnigramEntropy.nats(text);
    }
}
