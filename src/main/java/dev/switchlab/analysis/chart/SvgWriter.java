package dev.switchlab.analysis.chart;

import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.stream.Collectors;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/**
 * Writes elements of an SVG drawing, well-formed by construction. Lengths are in pixels of the view box, with one digit
 * after the point.
 */
final class SvgWriter {

    private final StringWriter out = new StringWriter();
    private final XMLStreamWriter xml;

    SvgWriter() {
        try {
            xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(out);
        } catch (XMLStreamException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Opens an element with attributes as name, value, name, value ... */
    SvgWriter open(String element, Object... attributes) {
        return write(() -> {
            xml.writeStartElement(element);
            attributes(attributes);
        });
    }

    /** Closes the element opened last. */
    SvgWriter close() {
        return write(xml::writeEndElement);
    }

    /** An element without content. */
    SvgWriter leaf(String element, Object... attributes) {
        return write(() -> {
            xml.writeEmptyElement(element);
            attributes(attributes);
        });
    }

    /** An element with nothing but text. */
    SvgWriter text(String element, String content, Object... attributes) {
        open(element, attributes);
        write(() -> xml.writeCharacters(clean(content)));
        return close();
    }

    /** What the element opened last says when it is pointed at. */
    SvgWriter tooltip(List<String> lines) {
        open("title");
        write(() -> xml.writeCharacters(lines.stream().map(SvgWriter::clean).collect(Collectors.joining("\n"))));
        return close();
    }

    /** A label at a point, anchored at its start, middle or end; nothing if it is empty. */
    SvgWriter label(double x, double y, String anchor, String content, Object... attributes) {
        if (content.isEmpty()) {
            return this;
        }
        open("text", "x", x, "y", y, "text-anchor", anchor);
        write(() -> {
            attributes(attributes);
            xml.writeCharacters(clean(content));
        });
        return close();
    }

    /** A straight line. */
    SvgWriter line(double x1, double y1, double x2, double y2, String color) {
        return leaf("line", "x1", x1, "y1", y1, "x2", x2, "y2", y2, "stroke", color);
    }

    /** The whole drawing. */
    String finish() {
        write(xml::flush);
        return out.toString();
    }

    /** The beginning of a path. */
    static String move(double x, double y) {
        return "M" + number(x) + " " + number(y);
    }

    /** As short as one digit after the point allows. */
    static String number(double value) {
        return BigDecimal.valueOf(value)
                .setScale(1, RoundingMode.HALF_UP)
                .stripTrailingZeros()
                .toPlainString();
    }

    private void attributes(Object... pairs) throws XMLStreamException {
        for (int i = 0; i < pairs.length; i += 2) {
            Object value = pairs[i + 1];
            xml.writeAttribute(
                    (String) pairs[i], value instanceof Number n ? number(n.doubleValue()) : clean(value.toString()));
        }
    }

    /** Labels may come from any text; a few characters must not stand in XML even if escaped. */
    private static String clean(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .map(c -> {
                    boolean isAllowed = (c >= 0x20 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) || c >= 0x10000;
                    return c == '\n' ? '⏎' : c == '\t' ? '⇥' : isAllowed ? c : 0xFFFD;
                })
                .forEach(out::appendCodePoint);
        return out.toString();
    }

    private SvgWriter write(Step step) {
        try {
            step.run();
            return this;
        } catch (XMLStreamException e) {
            // In memory, only elements in a wrong order can end here.
            throw new IllegalStateException(e);
        }
    }

    private interface Step {
        void run() throws XMLStreamException;
    }
}
