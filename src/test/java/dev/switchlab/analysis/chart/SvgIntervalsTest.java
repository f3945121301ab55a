package dev.switchlab.analysis.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.base.Splitter;
import java.awt.Color;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What drawings say of spread: intervals, bands, and the best of a matrix. */
class SvgIntervalsTest {

    private static final double[] X = {1, 2, 3, 4, 5};

    private static IntervalChart.Point point(String label, double x, double mean, double half, double... values) {
        return new IntervalChart.Point(label, x, mean, mean - half, mean + half, values);
    }

    private static List<Double> places(IntervalChart chart) throws Exception {
        return SvgTest.marks(chart, "circle", "r", "4").stream()
                .map(dot -> Double.valueOf(dot.getAttribute("cx")))
                .toList();
    }

    /** Equal ratios are equally long on a logarithmic axis, equal differences on a linear one. */
    @Test
    void intervalsStandWhereTheirValuesAre() throws Exception {
        List<IntervalChart.Point> points = List.of(point("1", 1, 5, 1), point("2", 2, 4, 1), point("8", 8, 3, 1));
        Map<Scale, Double> shares = Map.of(
                Scale.LOGARITHMIC, 1 / 3.0,
                Scale.LINEAR, 1 / 7.0,
                Scale.CATEGORIES, 1 / 2.0);
        for (Map.Entry<Scale, Double> scale : shares.entrySet()) {
            List<Double> x = places(new IntervalChart("t", "x", scale.getKey(), "y", points));
            assertThat((x.get(1) - x.get(0)) / (x.get(2) - x.get(0))).isCloseTo(scale.getValue(), within(1e-3));
        }
        assertThatThrownBy(() -> new IntervalChart("t", "x", Scale.LOGARITHMIC, "y", List.of(point("0", 0, 1, 1))))
                .hasMessageContaining("'0' has x = 0.0, allowed on a logarithmic axis: numbers above 0");
    }

    /** An interval of two values is so long that nothing else could be read: it is cut, and says so with an arrow. */
    @Test
    void aLongIntervalDoesNotHideTheOthers() throws Exception {
        IntervalChart chart = new IntervalChart(
                "t",
                "x",
                Scale.CATEGORIES,
                "y",
                List.of(point("a", 0, 2, 50, 1.9, 2.1), point("b", 0, 2.5, 0.1, 2.4, 2.6)));
        assertThat(IntervalDrawing.shown(chart.points()).low()).isCloseTo(1.2, within(1e-9));
        assertThat(IntervalDrawing.shown(chart.points()).high()).isCloseTo(3.3, within(1e-9));
        List<String> paths = SvgTest.marks(chart, "path", "fill", "none").stream()
                .map(path -> path.getAttribute("d"))
                .toList();
        assertThat(paths).hasSize(2);
        // A bar's ends are level, an arrow's are not.
        assertThat(ends(paths.get(0))).hasSize(4);
        assertThat(ends(paths.get(1))).hasSize(2);
        assertThat(SvgTest.marks(chart, "circle", "r", "2.5")).hasSize(4);
    }

    /** Heights of what is drawn at both ends of an interval. */
    private static Set<String> ends(String path) {
        return Splitter.onPattern("[ML]")
                .splitToStream(path.substring(path.indexOf('M', 1)))
                .filter(place -> !place.isEmpty())
                .map(place -> place.substring(place.indexOf(' ')))
                .collect(Collectors.toSet());
    }

    @Test
    void aMeanThatIsNoNumberIsNotDrawn() throws Exception {
        IntervalChart chart = new IntervalChart(
                "t",
                "x",
                Scale.LINEAR,
                "y",
                List.of(point("1", 1, Double.NaN, Double.NaN), point("2", 2, 1, Double.NaN)));
        assertThat(places(chart)).hasSize(1);
        assertThat(SvgTest.hints(chart)).containsExactly("2: 1.0000");
    }

    @Test
    void labelsThatHaveNoRoomAreLeftOut() throws Exception {
        List<IntervalChart.Point> points = IntStream.range(0, 60)
                .mapToObj(i -> point("setting " + i, 0, i, 1))
                .toList();
        NodeList texts = SvgTest.parse(new IntervalChart("t", "x", Scale.CATEGORIES, "y", points))
                .getElementsByTagName("text");
        assertThat(IntStream.range(0, texts.getLength())
                        .filter(i -> texts.item(i).getTextContent().startsWith("setting")))
                .hasSizeBetween(5, 12);
    }

    /** Along the upper edge and back along the lower; a value that is no number parts it. */
    @Test
    void bandsHaveGapsWhereTheirLinesHave() throws Exception {
        double[] edge = {1, 1, Double.NaN, 1, 1};
        double[] upper = {3, 3, 3, 3, 3};
        LineChart chart = SvgTest.lines(new LineChart.Line("a", X, new double[] {2, 2, Double.NaN, 2, 2}, edge, upper));
        NodeList paths = SvgTest.parse(chart).getElementsByTagName("path");
        assertThat(IntStream.range(0, paths.getLength())
                        .mapToObj(i -> (Element) paths.item(i))
                        .filter(path -> path.getAttribute("class").equals("band"))
                        .map(path -> path.getAttribute("d")))
                .hasSize(2)
                .allSatisfy(path -> assertThat(path).matches("M\\S+ (\\S+)L\\S+ \\1L\\S+ (\\S+)L\\S+ \\2z"));
        assertThat(SvgTest.hints(chart)).contains("a: 2.000 (1.000 to 3.000) at step 1");
        assertThatThrownBy(() -> new LineChart.Line("a", X, X, edge, new double[2]))
                .hasMessage("line 'a' has 5 x, but its band 5 lower and 2 upper values");
    }

    @Test
    void aCellMayBeFramedAndHaveMoreDigits() throws Exception {
        HeatMap chart = new HeatMap(
                "t",
                "x",
                "y",
                "z",
                List.of("a", "b"),
                List.of("c"),
                new double[][] {{2.6973, 2.7}},
                3,
                Optional.of(new HeatMap.Cell(0, 1)));
        assertThat(chart.svg()).contains(">2.697<", ">2.700<");
        NodeList rects = SvgTest.parse(chart).getElementsByTagName("rect");
        assertThat(IntStream.range(0, rects.getLength())
                        .filter(i ->
                                ((Element) rects.item(i)).getAttribute("class").equals("frame")))
                .hasSize(2);
    }

    /** Thin and on white, so dark: contrast of at least 2 by WCAG's formula, which yellow is far from. */
    @Test
    void noLineIsLostOnWhite() {
        assertThat(IntStream.range(0, 2 * Palette.COLORS)).allSatisfy(index -> {
            Color color = Color.decode(Palette.line(index));
            double luminance = 0.2126 * linear(color.getRed())
                    + 0.7152 * linear(color.getGreen())
                    + 0.0722 * linear(color.getBlue());
            assertThat(1.05 / (luminance + 0.05)).as(Palette.line(index)).isGreaterThan(2);
        });
    }

    private static double linear(int channel) {
        double share = channel / 255.0;
        return share <= 0.04045 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4);
    }
}
