package dev.switchlab.notebook;

import java.util.Locale;

/** Kinds of characters that experts might specialise in. */
enum CharacterKind {
    CAPITAL,
    VOWEL,
    CONSONANT,
    DIGIT,
    SPACE,
    LINE_END,
    PUNCTUATION;

    static CharacterKind of(int character) {
        if (character == '\n') {
            return LINE_END;
        }
        if (Character.isWhitespace(character)) {
            return SPACE;
        }
        if (Character.isUpperCase(character)) {
            return CAPITAL;
        }
        if (Character.isLetter(character)) {
            return "aeiou".indexOf(character) >= 0 ? VOWEL : CONSONANT;
        }
        return Character.isDigit(character) ? DIGIT : PUNCTUATION;
    }

    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
