package dev.switchlab.analysis;

/** Kinds of characters. Every character of a text is of exactly one kind; the first that fits, in this order. */
public enum CharacterClass {
    /** The line feed itself. */
    LINE_BREAK("line break"),
    /** What follows a line feed, or begins the text. */
    LINE_START("line start"),
    /** An upper-case letter. */
    CAPITAL("capital"),
    /** A lower-case a, e, i, o, u or y, with or without accent. */
    VOWEL("vowel"),
    /** Any other letter. */
    CONSONANT("consonant"),
    /** A digit. */
    DIGIT("digit"),
    /** Blanks other than the line feed. */
    SPACE("space"),
    /** Everything else. */
    PUNCTUATION("punctuation");

    private static final String VOWELS = "aeiouy";

    private final String label;

    CharacterClass(String label) {
        this.label = label;
    }

    /** The name for people. */
    public String label() {
        return label;
    }

    /** The kind of the character at {@code index} of {@code text} (code points). */
    public static CharacterClass of(int[] text, int index) {
        int character = text[index];
        if (character == '\n') {
            return LINE_BREAK;
        }
        if (index == 0 || text[index - 1] == '\n') {
            return LINE_START;
        }
        if (Character.isUpperCase(character)) {
            return CAPITAL;
        }
        if (Character.isLetter(character)) {
            String base = java.text.Normalizer.normalize(Character.toString(character), java.text.Normalizer.Form.NFD);
            return VOWELS.indexOf(base.codePointAt(0)) >= 0 ? VOWEL : CONSONANT;
        }
        if (Character.isDigit(character)) {
            return DIGIT;
        }
        return Character.isWhitespace(character) ? SPACE : PUNCTUATION;
    }
}
