package dev.switchlab.tracking.store;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Splits a filter or order_by text into tokens. Never fails: what it does not know becomes a token of kind OTHER. */
final class FilterLexer {
    enum Kind {
        WORD,
        /** {@code `key`} */
        BACKTICKED,
        /** {@code 'value'} */
        SINGLE_QUOTED,
        /** {@code "key or value"} */
        DOUBLE_QUOTED,
        NUMBER,
        COMPARATOR,
        DOT,
        COMMA,
        OPEN,
        CLOSE,
        OTHER
    }

    /**
     * One token.
     *
     * @param text its content, without quotes
     * @param start offset of its first character in the source
     * @param end offset after its last character
     */
    record Token(Kind kind, String text, int start, int end) {
        boolean isWord(String word) {
            return kind == Kind.WORD && text.equalsIgnoreCase(word);
        }
    }

    // The order of the alternatives matters: a quote that never closes falls through to OTHER. Possessive loops, so
    // that a long
    // unclosed quote costs one pass.
    private static final Pattern TOKEN = Pattern.compile("\\s*+(?:"
            + "(?<number>-?(?:\\d++\\.?+\\d*+|\\.\\d++)(?:[eE][-+]?\\d++)?+(?![\\p{L}_]))"
            + "|(?<word>[\\p{L}_\\d][\\p{L}\\p{M}\\d_]*+)"
            + "|`(?<backticked>[^`]++)`"
            + "|'(?<single>(?:''|\\\\'|[^'])*+)'"
            + "|\"(?<double>(?:\"\"|\\\\\"|[^\"])*+)\""
            + "|(?<comparator>!=|<=|>=|=|<|>)"
            + "|(?<dot>\\.)|(?<comma>,)|(?<open>\\()|(?<close>\\))"
            + "|(?<other>\\S))");

    private FilterLexer() {}

    static List<Token> tokens(String source) {
        List<Token> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(source);
        int position = 0;
        while (position < source.length() && matcher.find(position) && matcher.start() == position) {
            tokens.add(token(matcher, tokens));
            position = tokens.get(tokens.size() - 1).end();
        }
        return tokens;
    }

    private static Token token(Matcher matcher, List<Token> before) {
        if (matcher.group("number") != null) {
            // After a dot it is part of a key, as in tags.2fast or metrics.1.
            boolean key = !before.isEmpty() && before.get(before.size() - 1).kind() == Kind.DOT;
            return of(matcher, key ? Kind.WORD : Kind.NUMBER, "number");
        }
        if (matcher.group("word") != null) {
            return of(matcher, Kind.WORD, "word");
        }
        if (matcher.group("backticked") != null) {
            return of(matcher, Kind.BACKTICKED, "backticked");
        }
        if (matcher.group("single") != null) {
            return of(matcher, Kind.SINGLE_QUOTED, "single");
        }
        if (matcher.group("double") != null) {
            return of(matcher, Kind.DOUBLE_QUOTED, "double");
        }
        if (matcher.group("comparator") != null) {
            return of(matcher, Kind.COMPARATOR, "comparator");
        }
        if (matcher.group("dot") != null) {
            return of(matcher, Kind.DOT, "dot");
        }
        if (matcher.group("comma") != null) {
            return of(matcher, Kind.COMMA, "comma");
        }
        if (matcher.group("open") != null) {
            return of(matcher, Kind.OPEN, "open");
        }
        if (matcher.group("close") != null) {
            return of(matcher, Kind.CLOSE, "close");
        }
        return of(matcher, Kind.OTHER, "other");
    }

    private static Token of(Matcher matcher, Kind kind, String group) {
        boolean quoted = kind == Kind.BACKTICKED || kind == Kind.SINGLE_QUOTED || kind == Kind.DOUBLE_QUOTED;
        int quote = quoted ? 1 : 0;
        return new Token(kind, matcher.group(group), matcher.start(group) - quote, matcher.end(group) + quote);
    }
}
