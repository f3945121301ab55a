package dev.switchlab.data;

/** Characters as one-line messages show them. */
final class Quoted {
    private static final int LONGEST = 200;

    private Quoted() {}

    /** {@code 'é' (U+00E9)}; what would break a line or cannot be seen is escaped. */
    static String character(int codePoint) {
        return "'%s' (U+%04X)".formatted(escaped(codePoint), codePoint);
    }

    /** The text in quotes, cut when it is long. */
    static String text(String text) {
        StringBuilder shown = new StringBuilder("\"");
        text.codePoints().limit(LONGEST).forEach(c -> shown.append(escaped(c)));
        boolean cut = text.codePointCount(0, text.length()) > LONGEST;
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
