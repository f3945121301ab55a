package dev.switchlab.analysis.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.base.Splitter;
import dev.switchlab.analysis.chart.IntervalChart.Point;
import dev.switchlab.analysis.chart.LineChart.Line;
import java.awt.Color;
import java.io.StringReader;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Drawings: well-formed, small, and with every mark where its value says. */
class SvgTest {

    private static final double[] STEPS = {1, 2, 3, 4, 5};

    private static LineChart lines(Line... lines) {
        return new LineChart("title", "step", "loss", List.of(lines));
    }

    private static Document parse(Chart chart) throws Exception {
        return DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(chart.svg())));
    }

    private static Stream<Element> elements(Chart chart, String name) throws Exception {
        NodeList all = parse(chart).getElementsByTagName(name);
        return IntStream.range(0, all.getLength()).mapToObj(i -> (Element) all.item(i));
    }

    /** Lines called 0, 1, 2 ... */
    private static LineChart lines(int count, double[] x, double[] y) {
        return lines(numbers(count).stream().map(name -> new Line(name, x, y)).toArray(Line[]::new));
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).toList();
    }

    /** A heat map of rows and columns that are called 0, 1, 2 ... */
    private static HeatMap heatMap(double[]... rows) {
        return new HeatMap("t", "x", "y", "z", numbers(rows[0].length), numbers(rows.length), rows);
    }

    private static BarChart bars(double[] a, double[] b) {
        return new BarChart(
                "t", "share", numbers(2), List.of(new BarChart.Series("a", a), new BarChart.Series("b", b)));
    }

    /** All elements of {@code chart}'s drawing with an attribute of that value. */
    private static List<Element> marks(Chart chart, String element, String attribute, String value) throws Exception {
        return elements(chart, element)
                .filter(mark -> mark.getAttribute(attribute).equals(value))
                .toList();
    }

    /** That attribute of all these elements. */
    private static List<String> all(String attribute, List<Element> marks) {
        return marks.stream().map(mark -> mark.getAttribute(attribute)).toList();
    }

    private static double[] doubles(String attribute, List<Element> marks) {
        return all(attribute, marks).stream().mapToDouble(Double::parseDouble).toArray();
    }

    @Test
    void sameChartSameBytes() {
        LineChart chart = lines(new Line("a", STEPS, new double[] {5, 4, 3, 2.5, 2.4}));
        assertThat(chart.svg())
                .isEqualTo(chart.svg())
                .startsWith(
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 480 332\" width=\"480\" height=\"332\"")
                .contains("role=\"img\" aria-label=\"title\"", "a from 5.000 to 2.400 (least 2.400, greatest 5.000)");
    }

    @Test
    void anyTextStaysText() throws Exception {
        String text = "a<b>&\"'\u0007\n\ud800 ]]>";
        LineChart chart =
                new LineChart(text, text, text, List.of(new Line(text, STEPS, STEPS), new Line(text, STEPS, STEPS)));
        assertThat(parse(chart).getDocumentElement().getAttribute("aria-label")).isEqualTo("a<b>&\"'\uFFFD⏎\uFFFD ]]>");
        parse(new BarChart(text, text, List.of(text), List.of(new BarChart.Series(text, new double[] {1}))));
        parse(new HeatMap(text, text, text, text, List.of(text), List.of(text), new double[][] {{1}}));
    }

    @Test
    void valuesThatAreNotFiniteAreGaps() throws Exception {
        Line line = new Line(
                "a", new double[] {1, 2, 3, 4, 5, 6}, new double[] {1, 2, Double.NaN, 3, Double.POSITIVE_INFINITY, 2});
        // Two points joined; two by themselves. All of them dots, since they are few.
        assertThat(all("d", marks(lines(line), "path", "fill", "none")))
                .singleElement()
                .asString()
                .matches("M\\S+ \\S+L\\S+ \\S+");
        assertThat(marks(lines(line), "circle", "r", "2.5")).hasSize(4);
    }

    @Test
    void anAxisThatDoublesHasItsValuesEquallyFarApart() throws Exception {
        Line line = new Line("a", new double[] {1, 2, 4, 8, 128}, new double[] {1, 2, 3, 4, 5});
        LineChart chart = new LineChart("t", "experts", Scale.LOGARITHMIC, "ms", List.of(line));
        double[] x = doubles("cx", marks(chart, "circle", "r", "2.5"));
        assertThat(x[2] - x[1]).isCloseTo(x[1] - x[0], within(0.2));
        assertThat(x[4] - x[3]).isCloseTo(4 * (x[1] - x[0]), within(0.5));
        assertThat(chart.svg()).contains(">64<", ">128<", "a: 5.000 at experts 128");
        assertThatThrownBy(() -> new LineChart(
                        "t", "x", Scale.LOGARITHMIC, "y", List.of(new Line("a", new double[] {0}, new double[] {1}))))
                .hasMessageContaining("above 0");
    }

    @Test
    void nothingFinite() throws Exception {
        double[] none = {Double.NaN, Double.NaN};
        double[] x = {0, 1};
        assertThat(marks(lines(new Line("a", x, none)), "path", "fill", "none")).isEmpty();
        assertThat(heatMap(none).svg()).containsPattern("class=\"marks\"[^>]*></g>");
        assertThat(bars(none, none).svg()).contains("width=\"0\"");
    }

    @Test
    void longLinesStaySmallAndKeepTheirExtremes() throws Exception {
        int n = 100_000;
        double[] x = IntStream.range(0, n).asDoubleStream().toArray();
        double[] y = DoubleStream.of(x)
                .map(i -> Math.sin(i * 12.9898) * 43758.5453 % 1)
                .toArray();
        y[77_777] = 9; // one spike among many points
        y[33_333] = -9;
        Line line = new Line("a", x, y);
        int[] kept = Thinning.runs(line, Range.of(DoubleStream.of(x)), 600).get(0);
        assertThat(kept).hasSizeLessThanOrEqualTo(2400).isSorted().contains(0, 33_333, 77_777, n - 1);
        assertThat(lines(12, x, y).svg().length()).isLessThan(90_000);
    }

    @Test
    void shortLinesKeepEveryPoint() {
        Line line = new Line("a", STEPS, STEPS);
        assertThat(Thinning.runs(line, new Range(1, 5), 600)).containsExactly(new int[] {0, 1, 2, 3, 4});
    }

    @Test
    void moreLinesThanColorsAreDashed() throws Exception {
        assertThat(elements(lines(16, STEPS, STEPS), "path")
                        .filter(path -> path.hasAttribute("stroke-dasharray"))
                        .map(path -> path.getAttribute("stroke") + path.getAttribute("stroke-dasharray"))
                        .distinct())
                .hasSize(16);
    }

    @Test
    void barsAreAsLongAsTheirValues() throws Exception {
        BarChart chart = bars(new double[] {0.5, 0.25}, new double[] {0.5, 0});
        double[] widths = doubles("width", marks(chart, "rect", "height", "16"));
        assertThat(widths).hasSize(4);
        assertThat(widths[1]).isCloseTo(widths[0], within(0.2));
        assertThat(widths[2]).isCloseTo(widths[0] / 2, within(0.2));
        assertThat(widths[3]).isZero();
    }

    @Test
    void heatMapPaintsItsCells() throws Exception {
        HeatMap chart = heatMap(new double[] {0, 1}, new double[] {Double.NaN, 0});
        assertThat(all("d", marks(chart, "path", "fill", "#00204C"))).containsExactly("M0 0h1v1h-1zM1 1h1v1h-1z");
        assertThat(all("d", marks(chart, "path", "fill", "#FFE945"))).containsExactly("M1 0h1v1h-1z");
    }

    @Test
    void largeHeatMapsAreAveraged() {
        double[][] z = IntStream.range(0, 96)
                .mapToObj(row -> IntStream.range(0, 3000)
                        .mapToDouble(column -> Math.sin(row + column * 0.01))
                        .toArray())
                .toArray(double[][]::new);
        assertThat(heatMap(z).svg().length()).isLessThan(90_000);
    }

    @Test
    void roomAroundTheData() {
        assertThat(new Range(0.1, 10.1).padded(0.04)).isEqualTo(new Range(0, 10.5));
        assertThat(new Range(-1, 1).padded(0.5)).isEqualTo(new Range(-2, 2));
        assertThat(new Range(0, 0).padded(0.04)).isEqualTo(new Range(0, 0.5));
    }

    @ParameterizedTest
    @CsvSource({
        "0.13, 4.2, 5, 1 2 3 4",
        "-0.0021, 0.0032, 5, -0.002 -0.001 0.000 0.001 0.002 0.003",
        "0, 62848, 8, '0 10,000 20,000 30,000 40,000 50,000 60,000'",
        "0, 3e-7, 3, 0 1e-7 2e-7 3e-7",
        "1e300, 3e300, 2, 1e300 2e300 3e300",
    })
    void roundTicks(double low, double high, int most, String labels) {
        assertThat(new Range(low, high).ticks(most))
                .extracting(Range.Tick::label)
                .containsExactly(labels.split(" ", -1));
    }

    @Test
    void wholeTicks() {
        assertThat(new Range(1, 4).wholeTicks(8)).extracting(Range.Tick::label).containsExactly("1", "2", "3", "4");
    }

    @Test
    void labelsThatFit() {
        List<String> steps =
                IntStream.rangeClosed(1, 100).mapToObj(i -> "" + 10 * i).toList();
        assertThat(Labels.columns(steps, 6)).startsWith(9, 19).hasSize(10); // 100, 200 ...
        assertThat(Labels.columns(List.of("0·0", "0·1", "1·0"), 50)).containsExactly(0, 1, 2);
    }

    private static List<String> hints(Chart chart) throws Exception {
        return elements(chart, "title")
                .skip(1) // names the whole drawing
                .map(Element::getTextContent)
                .toList();
    }

    @Test
    void everyPointSaysItsValue() throws Exception {
        LineChart chart = lines(
                new Line("training", STEPS, new double[] {5, 4, 3, 2.5, 2.4}),
                new Line("validation", new double[] {1, 5}, new double[] {Double.NaN, 2.6}));
        assertThat(hints(chart))
                .containsExactly(
                        "training: 5.000 at step 1",
                        "training: 4.000 at step 2",
                        "training: 3.000 at step 3",
                        "training: 2.500 at step 4",
                        "training: 2.400 at step 5\nvalidation: 2.600 at step 5");
    }

    @Test
    void aLongLineSaysValuesAllAlong() throws Exception {
        double[] x = IntStream.rangeClosed(1, 2000).asDoubleStream().toArray();
        List<String> hints = hints(lines(new Line("a", x, x), new Line("b", new double[] {2000}, new double[] {7})));
        assertThat(hints).hasSize(50).contains("a: 21.00 at step 21");
        assertThat(hints.get(49)).endsWith("b: 7.000 at step 2000");
    }

    @Test
    void everyCellSaysItsValue() throws Exception {
        HeatMap chart = heatMap(new double[] {0.25, 1}, new double[] {Double.NaN, 0.5});
        assertThat(hints(chart)).containsExactly("0, x 0: 0.2500", "0, x 1: 1.000", "1, x 1: 0.5000");
    }

    @Test
    void manyCellsSpeakTogether() throws Exception {
        double[] row = IntStream.range(0, 1000).asDoubleStream().toArray();
        assertThat(hints(heatMap(row, row)))
                .hasSize(400)
                .startsWith("0, x 0 to 4: 0.000 to 4.000")
                .endsWith("1, x 995 to 999: 995.0 to 999.0");
    }

    @Test
    void badCharts() {
        assertThatThrownBy(() -> new Line("a", new double[] {2, 1}, new double[] {0, 0}))
                .hasMessage("line 'a': x must be finite and ascend, but x[1] is 1.0");
        assertThatThrownBy(() -> new HeatMap("t", "", "", "", List.of("a"), List.of("b"), new double[][] {{1, 2}}))
                .hasMessageContaining("a row of 2 cells for 1 names");
        double[] three = {1, 2, 3};
        assertThatThrownBy(() -> bars(three, three)).hasMessageContaining("3 values for 2 categories");
    }

    private static Point point(String label, double x, double mean, double half, double... values) {
        return new Point(label, x, mean, mean - half, mean + half, values);
    }

    private static double[] places(IntervalChart chart) throws Exception {
        return doubles("cx", marks(chart, "circle", "r", "4"));
    }

    /** Equal ratios are equally long on a logarithmic axis, equal differences on a linear one. */
    @Test
    void intervalsStandWhereTheirValuesAre() throws Exception {
        List<Point> points = List.of(point("1", 1, 5, 1), point("2", 2, 4, 1), point("8", 8, 3, 1));
        Map<Scale, Double> shares = Map.of(
                Scale.LOGARITHMIC, 1 / 3.0,
                Scale.LINEAR, 1 / 7.0,
                Scale.CATEGORIES, 1 / 2.0);
        for (Map.Entry<Scale, Double> scale : shares.entrySet()) {
            double[] x = places(new IntervalChart("t", "x", scale.getKey(), "y", points));
            assertThat((x[1] - x[0]) / (x[2] - x[0])).isCloseTo(scale.getValue(), within(1e-3));
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
        assertThat(chart.shown().low()).isCloseTo(1.2, within(1e-9));
        assertThat(chart.shown().high()).isCloseTo(3.3, within(1e-9));
        List<String> paths = all("d", marks(chart, "path", "fill", "none"));
        assertThat(paths).hasSize(2);
        // A bar's ends are level, an arrow's are not.
        assertThat(ends(paths.get(0))).hasSize(4);
        assertThat(ends(paths.get(1))).hasSize(2);
        assertThat(marks(chart, "circle", "r", "2.5")).hasSize(4);
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
        assertThat(hints(chart)).containsExactly("2: 1.0000");
    }

    @Test
    void labelsThatHaveNoRoomAreLeftOut() throws Exception {
        List<Point> points = IntStream.range(0, 60)
                .mapToObj(i -> point("setting " + i, 0, i, 1))
                .toList();
        assertThat(elements(new IntervalChart("t", "x", Scale.CATEGORIES, "y", points), "text")
                        .filter(text -> text.getTextContent().startsWith("setting")))
                .hasSizeBetween(5, 12);
    }

    /** Question 14 has 24 variants: every letter has room, and no value stands at the next variant's mean. */
    @Test
    void twoDozenLettersStandBesideOneAnother() throws Exception {
        List<Point> points = IntStream.range(0, 24)
                .mapToObj(i -> point(Character.toString('A' + i), 0, i, 1, i - 0.5, i + 0.5))
                .toList();
        IntervalChart chart = new IntervalChart("t", "x", Scale.CATEGORIES, "y", points);
        assertThat(elements(chart, "text").map(text -> text.getTextContent()))
                .containsAll(points.stream().map(Point::label).toList());
        double[] means = places(chart);
        double[] values = doubles("cx", marks(chart, "circle", "r", "2.5"));
        for (int i = 0; i < 23; i++) {
            assertThat(values[2 * i]).isGreaterThan(means[i]).isLessThan(means[i + 1] - 2.5);
        }
    }

    /** Along the upper edge and back along the lower; a value that is no number parts it. */
    @Test
    void bandsHaveGapsWhereTheirLinesHave() throws Exception {
        double[] edge = {1, 1, Double.NaN, 1, 1};
        double[] upper = {3, 3, 3, 3, 3};
        LineChart chart = lines(new Line("a", STEPS, new double[] {2, 2, Double.NaN, 2, 2}, edge, upper));
        assertThat(all("d", marks(chart, "path", "class", "band")))
                .hasSize(2)
                .allSatisfy(path -> assertThat(path).matches("M\\S+ (\\S+)L\\S+ \\1L\\S+ (\\S+)L\\S+ \\2z"));
        assertThat(hints(chart)).contains("a: 2.000 (1.000 to 3.000) at step 1");
        assertThatThrownBy(() -> new Line("a", STEPS, STEPS, edge, new double[2]))
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
        assertThat(marks(chart, "rect", "class", "frame")).hasSize(2);
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
