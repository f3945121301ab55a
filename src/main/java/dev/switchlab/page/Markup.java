package dev.switchlab.page;

import com.google.common.escape.Escaper;
import com.google.common.xml.XmlEscapers;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes elements of HTML and SVG. Text and attributes are escaped, and elements are closed in order; only {@link #raw}
 * takes markup as given.
 */
public final class Markup {

    private static final Escaper TEXT = XmlEscapers.xmlContentEscaper();
    private static final Escaper ATTRIBUTE = XmlEscapers.xmlAttributeEscaper();

    private final StringBuilder out = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /**
     * Opens an element.
     *
     * @param attributes name, value, name, value ...; numbers get at most one digit after the point
     */
    public Markup open(String element, Object... attributes) {
        start(element, attributes).append('>');
        open.push(element);
        return this;
    }

    /** Closes the element opened last. */
    public Markup close() {
        out.append("</").append(open.pop()).append('>');
        return this;
    }

    /** An element without content, such as an SVG path. */
    public Markup leaf(String element, Object... attributes) {
        start(element, attributes).append("/>");
        return this;
    }

    /** An element that contains only text. */
    public Markup element(String element, String text, Object... attributes) {
        return open(element, attributes).text(text).close();
    }

    /** Text inside the open element. */
    public Markup text(String text) {
        out.append(TEXT.escape(text));
        return this;
    }

    /** Markup that is well-formed already. */
    public Markup raw(String markup) {
        out.append(markup);
        return this;
    }

    private StringBuilder start(String element, Object... attributes) {
        out.append('<').append(element);
        for (int i = 0; i < attributes.length; i += 2) {
            Object value = attributes[i + 1];
            String text = value instanceof Number number ? number(number.doubleValue()) : value.toString();
            out.append(' ')
                    .append(attributes[i])
                    .append("=\"")
                    .append(ATTRIBUTE.escape(text))
                    .append('"');
        }
        return out;
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
