package dev.switchlab.data;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Characters to ids and back: the distinct code points of a text, sorted, numbered from 0 (reference:
 * {@code TextDataset} with the character tokenizer).
 */
public final class CharTokenizer implements Tokenizer {
    private static final int LONGEST_QUOTE = 100;

    private final int[] characters;

    private CharTokenizer(int[] characters) {
        this.characters = characters;
    }

    /** The tokenizer of all characters in a text. */
    public static CharTokenizer of(String text) {
        if (text.isEmpty()) {
            throw new DataException("a vocabulary needs at least one character; the text is empty");
        }
        BitSet characters = new BitSet();
        text.codePoints().forEach(characters::set);
        return new CharTokenizer(characters.stream().toArray());
    }

    /**
     * The tokenizer that a run was trained with.
     *
     * @param vocabulary what {@link #vocabulary()} returned
     */
    public static CharTokenizer ofVocabulary(String vocabulary) {
        CharTokenizer tokenizer = of(vocabulary);
        if (!tokenizer.vocabulary().equals(vocabulary)) {
            throw new DataException("vocabulary " + quoted(vocabulary)
                    + ": not the sorted distinct characters of a text; allowed: what the run stored");
        }
        return tokenizer;
    }

    @Override
    public int size() {
        return characters.length;
    }

    /** All characters in the order of their ids. */
    @Override
    public String vocabulary() {
        return new String(characters, 0, characters.length);
    }

    /**
     * The ids of a text, one per code point; throws {@link DataException} for a character that the vocabulary does not
     * have.
     */
    @Override
    public int[] encode(String text) {
        int[] ids = new int[text.codePointCount(0, text.length())];
        for (int i = 0, at = 0; i < ids.length; i++) {
            int codePoint = text.codePointAt(at);
            at += Character.charCount(codePoint);
            ids[i] = Arrays.binarySearch(characters, codePoint);
            if (ids[i] < 0) {
                throw new DataException(("character %s at position %d is not in the vocabulary of %d characters;"
                                + " leave the character out, or train on a text that has it; allowed: %s")
                        .formatted(
                                quoted(codePoint),
                                i,
                                size(),
                                size() <= LONGEST_QUOTE ? quoted(vocabulary()) : "characters of the training text"));
            }
        }
        return ids;
    }

    @Override
    public boolean has(String text) {
        return text.codePoints().allMatch(c -> Arrays.binarySearch(characters, c) >= 0);
    }

    @Override
    public String decode(int... ids) {
        requireIds(ids);
        StringBuilder text = new StringBuilder(ids.length);
        for (int id : ids) {
            text.appendCodePoint(characters[id]);
        }
        return text.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CharTokenizer that && Arrays.equals(characters, that.characters);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(characters);
    }

    @Override
    public String toString() {
        return "CharTokenizer[" + size() + " characters: " + quoted(vocabulary()) + "]";
    }

    /** {@code 'é' (U+00E9)}; what would break a line or cannot be seen is escaped. */
    private static String quoted(int codePoint) {
        return "'%s' (U+%04X)".formatted(escaped(codePoint), codePoint);
    }

    /** The text in quotes, cut when it is long. */
    private static String quoted(String text) {
        StringBuilder shown = new StringBuilder("\"");
        text.codePoints().limit(LONGEST_QUOTE).forEach(c -> shown.append(escaped(c)));
        boolean cut = text.codePointCount(0, text.length()) > LONGEST_QUOTE;
        return shown.append(cut ? "...\"" : "\"").toString();
    }

    private static String escaped(int codePoint) {
        return switch (codePoint) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> isVisible(codePoint) ? Character.toString(codePoint) : "\\u{%x}".formatted(codePoint);
        };
    }

    private static boolean isVisible(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
