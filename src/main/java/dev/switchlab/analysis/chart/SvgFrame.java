package dev.switchlab.analysis.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;

/** What all drawings have around their marks: size, title, legend, axis titles. */
final class SvgFrame {

    static final double WIDTH = 680;
    /** Of text, in pixels. */
    static final double FONT = 12;

    static final String INK = "#222222";
    static final String GRID = "#dddddd";
    static final String AXIS = "#888888";
    static final double ROW = 18;

    private static final double MARGIN = 12;
    private static final double TITLE = 15;
    private static final double SAMPLE = 26;
    private static final double GAP = 16;

    private SvgFrame() {}

    /** Begins a drawing on white, so that it can be read on a dark page, too. */
    static SvgWriter begin(Chart chart, double height) {
        SvgWriter svg = new SvgWriter()
                .open(
                        "svg",
                        "xmlns",
                        "http://www.w3.org/2000/svg",
                        "viewBox",
                        "0 0 " + SvgWriter.number(WIDTH) + " " + SvgWriter.number(height),
                        // Its size where nothing else is said, as an image by itself; pages say otherwise.
                        "width",
                        WIDTH,
                        "height",
                        height,
                        "role",
                        "img",
                        "aria-label",
                        chart.title(),
                        "font-family",
                        "sans-serif",
                        "font-size",
                        FONT,
                        "fill",
                        INK);
        svg.text("title", chart.title()).text("desc", chart.description());
        svg.leaf("rect", "width", WIDTH, "height", height, "fill", "#ffffff");
        String title = TextWidth.cut(chart.title(), TITLE, WIDTH - 2 * MARGIN);
        return svg.label(MARGIN, 22, "start", title, "font-size", TITLE, "font-weight", "bold", "class", "title");
    }

    /** How far down the title and a legend of {@code names} reach. */
    static double top(List<String> names) {
        return 36 + (names.size() < 2 ? 0 : places(names).get(names.size() - 1)[1] + ROW);
    }

    /** The legend, if there is more than one name. */
    static void legend(SvgWriter svg, List<String> names, Sample sample) {
        if (names.size() < 2) {
            return;
        }
        List<double[]> places = places(names);
        for (int i = 0; i < names.size(); i++) {
            double x = places.get(i)[0];
            double y = places.get(i)[1] + 40;
            sample.draw(i, x, y - 4, SAMPLE);
            svg.label(x + SAMPLE + 5, y, "start", shown(names.get(i)));
        }
    }

    private static String shown(String name) {
        return TextWidth.cut(name, FONT, WIDTH - 2 * MARGIN - SAMPLE - GAP);
    }

    /** x and y of each entry, row by row. */
    private static List<double[]> places(List<String> names) {
        List<double[]> places = new ArrayList<>();
        double x = MARGIN;
        double y = 0;
        for (String name : names) {
            double width = SAMPLE + 5 + TextWidth.of(shown(name), FONT) + GAP;
            if (x + width > WIDTH && x > MARGIN) {
                x = MARGIN;
                y += ROW;
            }
            places.add(new double[] {x, y});
            x += width;
        }
        return places;
    }

    /** Where a plot begins beside its y axis' title and labels. */
    static double left(Ticks y) {
        return 32
                + y.labels().stream()
                        .mapToDouble(label -> TextWidth.of(label, FONT))
                        .max()
                        .orElse(0);
    }

    /** Lines across the plot at the y axis' ticks, with their labels. */
    static void yGrid(SvgWriter svg, Ticks ticks, DoubleUnaryOperator y, double left, double right) {
        StringBuilder grid = new StringBuilder();
        for (int i = 0; i < ticks.values().size(); i++) {
            double place = y.applyAsDouble(ticks.values().get(i));
            grid.append(SvgWriter.move(left, place)).append('h').append(SvgWriter.number(right - left));
            svg.label(left - 6, place + 4, "end", ticks.labels().get(i));
        }
        svg.leaf("path", "d", grid, "stroke", GRID);
    }

    /** Where an axis along the bottom ends, so that its last label stays inside. */
    static double right(Ticks ticks) {
        int last = ticks.labels().size() - 1;
        return WIDTH - Math.max(16, last < 0 ? 0 : TextWidth.of(ticks.labels().get(last), FONT) / 2 + 4);
    }

    /** The x axis' title, centred below it. */
    static void xTitle(SvgWriter svg, String title, double left, double right, double y) {
        svg.label((left + right) / 2, y, "middle", title);
    }

    /** The y axis' title, written upwards at the left edge. */
    static void yTitle(SvgWriter svg, String title, double top, double bottom) {
        double middle = (top + bottom) / 2;
        svg.label(16, middle, "middle", title, "transform", "rotate(-90 16 " + SvgWriter.number(middle) + ")");
    }

    /** Opens the group of what is not seen but says something when it is pointed at. */
    static void hints(SvgWriter svg, Object... attributes) {
        Object[] all = Stream.concat(
                        Stream.of("class", "hints", "fill", "none", "pointer-events", "all"), Stream.of(attributes))
                .toArray();
        svg.open("g", all);
    }

    /** Draws the sample of entry {@code index} from {@code x} rightwards, centred on {@code y}. */
    interface Sample {
        void draw(int index, double x, double y, double width);
    }
}
