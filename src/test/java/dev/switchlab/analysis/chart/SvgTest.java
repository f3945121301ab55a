package dev.switchlab.analysis.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Drawings: well-formed, small, and with every mark where its value says. */
class SvgTest {

    private static final double[] STEPS = {1, 2, 3, 4, 5};

    static LineChart lines(LineChart.Line... lines) {
        return new LineChart("title", "step", "loss", List.of(lines));
    }

    static Document parse(Chart chart) throws Exception {
        return DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(chart.svg())));
    }

    /** All elements of {@code chart}'s drawing with an attribute of that value. */
    static List<Element> marks(Chart chart, String element, String attribute, String value) throws Exception {
        NodeList all = parse(chart).getElementsByTagName(element);
        return IntStream.range(0, all.getLength())
                .mapToObj(i -> (Element) all.item(i))
                .filter(mark -> mark.getAttribute(attribute).equals(value))
                .toList();
    }

    @Test
    void sameChartSameBytes() {
        LineChart chart = lines(new LineChart.Line("a", STEPS, new double[] {5, 4, 3, 2.5, 2.4}));
        assertThat(chart.svg())
                .isEqualTo(chart.svg())
                .startsWith(
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 680 332\" width=\"680\" height=\"332\"")
                .contains("role=\"img\" aria-label=\"title\"", "a from 5.000 to 2.400 (least 2.400, greatest 5.000)");
    }

    @Test
    void anyTextStaysText() throws Exception {
        String text = "a<b>&\"'\u0007\n\ud800 ]]>";
        LineChart chart = new LineChart(
                text,
                text,
                text,
                List.of(new LineChart.Line(text, STEPS, STEPS), new LineChart.Line(text, STEPS, STEPS)));
        assertThat(parse(chart).getDocumentElement().getAttribute("aria-label")).isEqualTo("a<b>&\"'\uFFFD⏎\uFFFD ]]>");
        parse(new BarChart(text, text, List.of(text), List.of(new BarChart.Series(text, new double[] {1}))));
        parse(new HeatMap(text, text, text, text, List.of(text), List.of(text), new double[][] {{1}}));
    }

    @Test
    void valuesThatAreNotFiniteAreGaps() throws Exception {
        LineChart.Line line = new LineChart.Line(
                "a", new double[] {1, 2, 3, 4, 5, 6}, new double[] {1, 2, Double.NaN, 3, Double.POSITIVE_INFINITY, 2});
        // Two points joined; two by themselves. All of them dots, since they are few.
        assertThat(marks(lines(line), "path", "fill", "none"))
                .singleElement()
                .satisfies(path -> assertThat(path.getAttribute("d")).matches("M\\S+ \\S+L\\S+ \\S+"));
        assertThat(marks(lines(line), "circle", "r", "2.5")).hasSize(4);
    }

    @Test
    void anAxisThatDoublesHasItsValuesEquallyFarApart() throws Exception {
        LineChart.Line line = new LineChart.Line("a", new double[] {1, 2, 4, 8, 128}, new double[] {1, 2, 3, 4, 5});
        LineChart chart = new LineChart("t", "experts", Scale.LOGARITHMIC, "ms", List.of(line));
        double[] x = marks(chart, "circle", "r", "2.5").stream()
                .mapToDouble(dot -> Double.parseDouble(dot.getAttribute("cx")))
                .toArray();
        assertThat(x[2] - x[1]).isCloseTo(x[1] - x[0], within(0.2));
        assertThat(x[4] - x[3]).isCloseTo(4 * (x[1] - x[0]), within(0.5));
        assertThat(chart.svg()).contains(">64<", ">128<", "a: 5.000 at experts 128");
        assertThatThrownBy(() -> new LineChart(
                        "t",
                        "x",
                        Scale.LOGARITHMIC,
                        "y",
                        List.of(new LineChart.Line("a", new double[] {0}, new double[] {1}))))
                .hasMessageContaining("above 0");
    }

    @Test
    void nothingFinite() throws Exception {
        double[] none = {Double.NaN, Double.NaN};
        double[] x = {0, 1};
        assertThat(marks(lines(new LineChart.Line("a", x, none)), "path", "fill", "none"))
                .isEmpty();
        assertThat(new HeatMap("t", "x", "y", "z", List.of("a", "b"), List.of("c"), new double[][] {none}).svg())
                .containsPattern("class=\"marks\"[^>]*></g>");
        assertThat(new BarChart("t", "v", List.of("a", "b"), List.of(new BarChart.Series("s", none))).svg())
                .contains("width=\"0\"");
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
        LineChart.Line line = new LineChart.Line("a", x, y);
        int[] kept = Thinning.runs(line, Range.of(DoubleStream.of(x)), 600).get(0);
        assertThat(kept).hasSizeLessThanOrEqualTo(2400).isSorted().contains(0, 33_333, 77_777, n - 1);
        LineChart.Line[] twelve = IntStream.range(0, 12)
                .mapToObj(i -> new LineChart.Line("line " + i, x, y))
                .toArray(LineChart.Line[]::new);
        assertThat(lines(twelve).svg().length()).isLessThan(90_000);
    }

    @Test
    void shortLinesKeepEveryPoint() {
        LineChart.Line line = new LineChart.Line("a", STEPS, STEPS);
        assertThat(Thinning.runs(line, new Range(1, 5), 600)).containsExactly(new int[] {0, 1, 2, 3, 4});
    }

    @Test
    void moreLinesThanColoursAreDashed() throws Exception {
        LineChart.Line[] sixteen = IntStream.range(0, 16)
                .mapToObj(i -> new LineChart.Line("line " + i, STEPS, STEPS))
                .toArray(LineChart.Line[]::new);
        NodeList paths = parse(lines(sixteen)).getElementsByTagName("path");
        assertThat(IntStream.range(0, paths.getLength())
                        .mapToObj(i -> (Element) paths.item(i))
                        .filter(path -> path.hasAttribute("stroke-dasharray"))
                        .map(path -> path.getAttribute("stroke") + path.getAttribute("stroke-dasharray"))
                        .distinct())
                .hasSize(16);
    }

    @Test
    void barsAreAsLongAsTheirValues() throws Exception {
        BarChart chart = new BarChart(
                "t",
                "share",
                List.of("layer 0", "layer 1"),
                List.of(
                        new BarChart.Series("a", new double[] {0.5, 0.25}),
                        new BarChart.Series("b", new double[] {0.5, 0})));
        List<Double> widths = marks(chart, "rect", "height", "16").stream()
                .map(bar -> Double.valueOf(bar.getAttribute("width")))
                .toList();
        assertThat(widths).hasSize(4);
        assertThat(widths.get(1)).isCloseTo(widths.get(0), org.assertj.core.data.Offset.offset(0.2));
        assertThat(widths.get(2)).isCloseTo(widths.get(0) / 2, org.assertj.core.data.Offset.offset(0.2));
        assertThat(widths.get(3)).isZero();
    }

    @Test
    void heatMapPaintsItsCells() throws Exception {
        HeatMap chart = new HeatMap("t", "x", "y", "z", List.of("a", "b"), List.of("c", "d"), new double[][] {
            {0, 1}, {Double.NaN, 0}
        });
        assertThat(marks(chart, "path", "fill", "#00204C"))
                .singleElement()
                .satisfies(path -> assertThat(path.getAttribute("d")).isEqualTo("M0 0h1v1h-1zM1 1h1v1h-1z"));
        assertThat(marks(chart, "path", "fill", "#FFE945"))
                .singleElement()
                .satisfies(path -> assertThat(path.getAttribute("d")).isEqualTo("M1 0h1v1h-1z"));
    }

    @Test
    void largeHeatMapsAreAveraged() {
        List<String> x = IntStream.range(0, 3000).mapToObj(Integer::toString).toList();
        List<String> y =
                IntStream.range(0, 96).mapToObj(i -> i / 16 + "·" + i % 16).toList();
        double[][] z = IntStream.range(0, 96)
                .mapToObj(row -> IntStream.range(0, 3000)
                        .mapToDouble(column -> Math.sin(row + column * 0.01))
                        .toArray())
                .toArray(double[][]::new);
        assertThat(new HeatMap("t", "step", "expert", "load", x, y, z).svg().length())
                .isLessThan(90_000);
    }

    @Test
    void roomAroundTheData() {
        assertThat(new Range(0.1, 10.1).padded(0.04)).isEqualTo(new Range(0, 10.5));
        assertThat(new Range(-1, 1).padded(0.5)).isEqualTo(new Range(-2, 2));
        assertThat(new Range(0, 0).padded(0.04)).isEqualTo(new Range(0, 0.5));
    }

    @Test
    void roundTicks() {
        assertThat(Tick.of(new Range(0.13, 4.2), 5)).extracting(Tick::label).containsExactly("1", "2", "3", "4");
        assertThat(Tick.of(new Range(-0.0021, 0.0032), 5))
                .extracting(Tick::label)
                .containsExactly("-0.002", "-0.001", "0.000", "0.001", "0.002", "0.003");
        assertThat(Tick.ofWhole(new Range(1, 4), 8)).extracting(Tick::label).containsExactly("1", "2", "3", "4");
        assertThat(Tick.of(new Range(0, 62848), 8))
                .extracting(Tick::label)
                .containsExactly("0", "10,000", "20,000", "30,000", "40,000", "50,000", "60,000");
        assertThat(Tick.of(new Range(0, 3e-7), 3)).extracting(Tick::label).containsExactly("0", "1e-7", "2e-7", "3e-7");
        assertThat(Tick.of(new Range(1e300, 3e300), 2))
                .extracting(Tick::label)
                .containsExactly("1e300", "2e300", "3e300");
    }

    @Test
    void labelsThatFit() {
        List<String> steps =
                IntStream.rangeClosed(1, 100).mapToObj(i -> "" + 10 * i).toList();
        assertThat(Labels.columns(steps, 6)).startsWith(9, 19).hasSize(10); // 100, 200 ...
        assertThat(Labels.columns(List.of("0·0", "0·1", "1·0"), 50)).containsExactly(0, 1, 2);
    }

    static List<String> hints(Chart chart) throws Exception {
        NodeList titles = parse(chart).getElementsByTagName("title");
        return IntStream.range(1, titles.getLength()) // the first names the whole
                .mapToObj(i -> titles.item(i).getTextContent())
                .toList();
    }

    @Test
    void everyPointSaysItsValue() throws Exception {
        LineChart chart = lines(
                new LineChart.Line("training", STEPS, new double[] {5, 4, 3, 2.5, 2.4}),
                new LineChart.Line("validation", new double[] {1, 5}, new double[] {Double.NaN, 2.6}));
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
        List<String> hints = hints(
                lines(new LineChart.Line("a", x, x), new LineChart.Line("b", new double[] {2000}, new double[] {7})));
        assertThat(hints).hasSize(50).contains("a: 21.00 at step 21");
        assertThat(hints.get(49)).endsWith("b: 7.000 at step 2000");
    }

    @Test
    void everyCellSaysItsValue() throws Exception {
        HeatMap chart = new HeatMap("t", "step", "y", "z", List.of("10", "20"), List.of("0·0", "0·1"), new double[][] {
            {0.25, 1}, {Double.NaN, 0.5}
        });
        assertThat(hints(chart)).containsExactly("0·0, step 10: 0.2500", "0·0, step 20: 1.000", "0·1, step 20: 0.5000");
    }

    @Test
    void manyCellsSpeakTogether() throws Exception {
        List<String> x = IntStream.range(0, 1000).mapToObj(Integer::toString).toList();
        double[] row = IntStream.range(0, 1000).asDoubleStream().toArray();
        List<String> hints = hints(new HeatMap("t", "step", "y", "z", x, List.of("a", "b"), new double[][] {row, row}));
        assertThat(hints)
                .hasSize(400)
                .startsWith("a, step 0 to 4: 0.000 to 4.000")
                .endsWith("b, step 995 to 999: 995.0 to 999.0");
    }

    @Test
    void badCharts() {
        assertThatThrownBy(() -> new LineChart.Line("a", new double[] {2, 1}, new double[] {0, 0}))
                .hasMessage("line 'a': x must be finite and ascend, but x[1] is 1.0");
        assertThatThrownBy(() -> new HeatMap("t", "", "", "", List.of("a"), List.of("b"), new double[][] {{1, 2}}))
                .hasMessageContaining("a row of 2 cells for 1 names");
        assertThatThrownBy(() ->
                        new BarChart("t", "", List.of("a"), List.of(new BarChart.Series("s", new double[] {1, 2}))))
                .hasMessageContaining("2 values for 1 categories");
    }
}
