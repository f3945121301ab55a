package dev.switchlab.analysis.chart;

import dev.switchlab.analysis.chart.Range.Tick;
import dev.switchlab.page.Markup;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The frame of a drawing, which all charts share: size, title, legend, axes, and areas that show values when pointed
 * at. Lengths are in pixels of the view box.
 */
final class Frame {

    /** So narrow that labels can be read on a phone, and two drawings stand side by side on a desktop. */
    static final double WIDTH = 480;
    /** Size of the text. */
    static final double FONT = 12;

    static final String GRID = "#dddddd";
    static final String AXIS = "#888888";

    private static final String INK = "#222222";
    private static final double MARGIN = 12;
    private static final double TITLE = 15;
    /** From the plot down to the end of the drawing: tick labels and the axis' title. */
    private static final double BELOW = 46;

    private static final double ROW = 18;

    private static final double SAMPLE = 26;
    private static final double GAP = 16;

    final Markup svg = new Markup();

    final double left;
    final double right;
    final double top;
    final double bottom;

    private final List<String> legend;

    /**
     * Begins a drawing on white, so that it can be read on a dark page, too.
     *
     * @param legend names of the marks; a single one needs no legend
     * @param least height that the drawing has room for at least
     */
    Frame(Chart chart, List<String> legend, double left, double right, double height, double least) {
        this.legend = legend.size() < 2 ? List.of() : legend;
        this.left = left;
        this.right = right;
        this.top = 36
                + places().stream().mapToDouble(place -> place[1] + ROW).max().orElse(0);
        this.bottom = top + height;
        double all = top + Math.max(height, least) + BELOW;
        svg.open(
                "svg",
                "xmlns viewBox width height role aria-label font-family font-size fill",
                "http://www.w3.org/2000/svg",
                "0 0 " + Markup.number(WIDTH) + " " + Markup.number(all),
                WIDTH, // the size of an image that stands alone; pages set their own
                all,
                "img",
                visible(chart.title()),
                "sans-serif",
                FONT,
                INK);
        svg.element("title", visible(chart.title())).element("desc", visible(chart.description()));
        svg.leaf("rect", "width height fill", WIDTH, all, "#ffffff");
        String title = Labels.cut(chart.title(), TITLE, WIDTH - 2 * MARGIN);
        text(title, "x y font-size font-weight class", MARGIN, 22, TITLE, "bold", "title");
    }

    Frame(Chart chart, List<String> legend, double left, double right, double height) {
        this(chart, legend, left, right, height, height);
    }

    /** Where a plot begins beside the title and the labels of its y axis. */
    static double left(List<Tick> y) {
        return 32 + Labels.widest(y.stream().map(Tick::label));
    }

    /** As many ticks of an x axis, at most about {@code most}, as have room for their labels. */
    static List<Tick> fitting(double room, int most, IntFunction<List<Tick>> ticks) {
        return IntStream.iterate(most, count -> count > 1, count -> count - 1)
                .mapToObj(ticks)
                .filter(some -> some.size() * (Labels.widest(some.stream().map(Tick::label)) + 8) <= room)
                .findFirst()
                .orElseGet(() -> ticks.apply(1));
    }

    /** Where a plot ends, so that the last label of its x axis stays inside. */
    static double right(List<Tick> x) {
        return WIDTH
                - Math.max(
                        16, x.isEmpty() ? 0 : Labels.width(x.get(x.size() - 1).label(), FONT) / 2 + 4);
    }

    /**
     * A range of values along a range of pixels.
     *
     * @param from the pixel of the least value
     * @param to the pixel of the greatest
     */
    record Axis(Range range, double from, double to) {

        double at(double value) {
            return from + range.share(value) * (to - from);
        }
    }

    Axis x(Range range) {
        return new Axis(range, left, right);
    }

    Axis y(Range range) {
        return new Axis(range, bottom, top);
    }

    /** Draws the legend, if there is one. */
    void legend(Sample sample) {
        List<double[]> places = places();
        for (int i = 0; i < legend.size(); i++) {
            double x = places.get(i)[0];
            double y = places.get(i)[1] + 40;
            sample.draw(i, x, y - 4, SAMPLE);
            label(x + SAMPLE + 5, y, "start", shown(legend.get(i)));
        }
    }

    /** Draws the sample of entry {@code index} of the legend from {@code x} to the right, centered on {@code y}. */
    interface Sample {
        void draw(int index, double x, double y, double width);
    }

    private static String shown(String name) {
        return Labels.cut(name, FONT, WIDTH - 2 * MARGIN - SAMPLE - GAP);
    }

    /** x and y of each entry of the legend, row by row. */
    private List<double[]> places() {
        List<double[]> places = new ArrayList<>();
        double x = MARGIN;
        double y = 0;
        for (String name : legend) {
            double width = SAMPLE + 5 + Labels.width(shown(name), FONT) + GAP;
            if (x + width > WIDTH && x > MARGIN) {
                x = MARGIN;
                y += ROW;
            }
            places.add(new double[] {x, y});
            x += width;
        }
        return places;
    }

    /** The y axis: lines across the plot at the ticks, their labels, and the title. */
    void yAxis(String title, Axis y, List<Tick> ticks) {
        Path grid = new Path();
        for (Tick tick : ticks) {
            double place = y.at(tick.value());
            grid.move(left, place).right(right - left);
            label(left - 6, place + 4, "end", tick.label());
        }
        svg.leaf("path", "d stroke", grid, GRID);
        yTitle(title);
    }

    /** The y axis' title, written upwards at the left edge. */
    void yTitle(String title) {
        double middle = (top + bottom) / 2;
        String rotation = "rotate(-90 16 " + Markup.number(middle) + ")";
        text(title, "x y text-anchor transform", 16, middle, "middle", rotation);
    }

    void xLabel(double place, String label) {
        label(place, bottom + 17, "middle", label);
    }

    void xTicks(DoubleStream places) {
        Path ticks = new Path();
        places.forEach(place -> ticks.move(place, bottom).down(4));
        svg.leaf("path", "d stroke", ticks, AXIS);
    }

    /** The line between the plot and the labels below it. */
    void baseline() {
        line(left, bottom, right, bottom, AXIS);
    }

    void xTitle(String title) {
        label((left + right) / 2, bottom + 37, "middle", title);
    }

    void line(double x1, double y1, double x2, double y2, String color) {
        svg.leaf("line", "x1 y1 x2 y2 stroke", x1, y1, x2, y2, color);
    }

    void dot(double x, double y, double radius, String color) {
        svg.leaf("circle", "cx cy r fill", x, y, radius, color);
    }

    /** A label at a point, anchored at its start, middle or end. */
    void label(double x, double y, String anchor, String text) {
        text(text, "x y text-anchor", x, y, anchor);
    }

    private void text(String text, String names, Object... values) {
        if (!text.isEmpty()) {
            svg.element("text", visible(text), names, values);
        }
    }

    /** Opens the group of areas that are not seen but show a text when pointed at. */
    void openHints() {
        svg.open("g", "class fill pointer-events", "hints", "none", "all");
    }

    /** An area of that group; nothing without a text. */
    void hint(double x, double y, double width, double height, List<String> lines) {
        if (!lines.isEmpty()) {
            svg.open("rect", "x y width height", x, y, width, height);
            tooltip(lines);
            svg.close();
        }
    }

    /** What the element opened last shows when pointed at. */
    void tooltip(List<String> lines) {
        svg.element("title", lines.stream().map(Frame::visible).collect(Collectors.joining("\n")));
    }

    String finish() {
        return svg.close().toString();
    }

    private static String visible(String text) {
        return text.replace('\n', '⏎').replace('\t', '⇥');
    }
}
