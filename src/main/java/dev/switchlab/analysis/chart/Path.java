package dev.switchlab.analysis.chart;

import dev.switchlab.page.Markup;

/** The data of an SVG path. */
final class Path {

    private final StringBuilder data = new StringBuilder();

    Path move(double x, double y) {
        return add("M", x).add(" ", y);
    }

    Path line(double x, double y) {
        return add("L", x).add(" ", y);
    }

    /** A straight line to a point; from nowhere, begins there. */
    Path moveOrLine(double x, double y) {
        return data.isEmpty() ? move(x, y) : line(x, y);
    }

    Path right(double length) {
        return add("h", length);
    }

    Path down(double length) {
        return add("v", length);
    }

    /** Back to where it began. */
    Path close() {
        data.append('z');
        return this;
    }

    private Path add(String command, double value) {
        data.append(command).append(Markup.number(value));
        return this;
    }

    boolean isEmpty() {
        return data.isEmpty();
    }

    @Override
    public String toString() {
        return data.toString();
    }
}
