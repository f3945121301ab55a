package dev.switchlab.page;

import com.google.common.escape.Escaper;
import com.google.common.xml.XmlEscapers;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Writes elements of HTML and SVG. Text and attributes are escaped, and elements are closed in order; only {@link #raw}
 * takes markup as given.
 */
public final class Markup {

    /**
     * Characters that XML does not allow even if escaped, other controls, and what changes the direction of writing.
     */
    private static final Pattern ILLEGAL =
            Pattern.compile("[^\\t\\n\\r\\x{20}-\\x{D7FF}\\x{E000}-\\x{FFFD}\\x{10000}-\\x{10FFFF}]"
                    + "|[\\x7F-\\x9F\\u061C\\u200E\\u200F\\u2028-\\u202E\\u2066-\\u2069]");

    private static final Escaper TEXT = XmlEscapers.xmlContentEscaper();
    private static final Escaper ATTRIBUTE = XmlEscapers.xmlAttributeEscaper();

    private final StringBuilder out = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /** Opens an element without attributes. */
    public Markup open(String element) {
        return open(element, "");
    }

    /**
     * Opens an element, such as {@code open("rect", "x y", 10, 20.5)}.
     *
     * @param names of its attributes, separated by blanks
     * @param values one per name; numbers get at most one digit after the point
     */
    public Markup open(String element, String names, Object... values) {
        start(element, names, values).append('>');
        open.push(element);
        return this;
    }

    /** Closes the element opened last. */
    public Markup close() {
        out.append("</").append(open.pop()).append('>');
        return this;
    }

    /** An element without content, such as {@code leaf("path", "d fill", path, "none")}. */
    public Markup leaf(String element, String names, Object... values) {
        start(element, names, values).append("/>");
        return this;
    }

    /** An element that contains only text. */
    public Markup element(String element, String text) {
        return element(element, text, "");
    }

    /** An element that contains only text, with attributes. */
    public Markup element(String element, String text, String names, Object... values) {
        return open(element, names, values).text(text).close();
    }

    /** Text inside the open element. */
    public Markup text(String text) {
        out.append(escape(text, TEXT));
        return this;
    }

    /** Markup that is well-formed already. */
    public Markup raw(String markup) {
        out.append(markup);
        return this;
    }

    private StringBuilder start(String element, String names, Object... values) {
        out.append('<').append(element);
        List<String> split = names.isEmpty() ? List.of() : List.of(names.split(" ", -1));
        if (split.size() != values.length) {
            throw new IllegalArgumentException("<" + element + ">: " + values.length + " values for " + split);
        }
        for (int i = 0; i < values.length; i++) {
            String value = values[i] instanceof Number number
                    ? number(number.doubleValue())
                    : escape(values[i].toString(), ATTRIBUTE);
            out.append(' ').append(split.get(i)).append("=\"").append(value).append('"');
        }
        return out;
    }

    private static String escape(String text, Escaper escaper) {
        return escaper.escape(ILLEGAL.matcher(text).replaceAll("\uFFFD"));
    }

    /** A number as short as one digit after the point allows. */
    public static String number(double value) {
        return BigDecimal.valueOf(value)
                .setScale(1, RoundingMode.HALF_UP)
                .stripTrailingZeros()
                .toPlainString();
    }

    /** What was written; every element must be closed. */
    @Override
    public String toString() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("elements are still open: " + open);
        }
        return out.toString();
    }
}
