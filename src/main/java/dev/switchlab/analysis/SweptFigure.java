package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.HeatMap;
import dev.switchlab.analysis.chart.IntervalChart;
import dev.switchlab.analysis.chart.Scale;
import dev.switchlab.page.HtmlPage;
import java.util.Arrays;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The score by the swept parameters: means with intervals along the values of one, a heat map over the values of two,
 * and settings side by side for more.
 *
 * @param comparison of at least two settings with one text
 */
record SweptFigure(Comparison comparison) {

    private static final String SLUG = "score";
    private static final String UNIT = "nats per character";
    /** Enough for the differences that seeds can resolve. */
    private static final int DIGITS = 3;
    /** Side by side, more labels do not fit. */
    private static final int MOST_SETTINGS = 40;

    void write(HtmlPage page) {
        List<String> axes = comparison.columns().axes();
        if (comparison.settings().stream()
                .noneMatch(own -> Double.isFinite(comparison.score(own).mean()))) {
            return;
        }
        String about = "Mean over seeds of the " + score() + "; lower is better. ";
        String spread =
                "Bars are 95 % intervals of the mean, with an arrow if cut off; small dots are single runs. A seed"
                        + " moves all settings alike, so settings with overlapping bars may still differ: see the"
                        + " paired differences.";
        if (axes.size() == 1) {
            page.figure(SLUG, along(axes.get(0)), about + spread);
        } else if (axes.size() == 2) {
            page.figure(
                    SLUG,
                    over(axes.get(0), axes.get(1)),
                    about + "The least is framed; a cell without a color has no run.");
        } else if (comparison.settings().size() <= MOST_SETTINGS) {
            page.figure(SLUG, side(), about + spread);
        }
    }

    private String score() {
        return Comparison.words(comparison.metric());
    }

    private String title() {
        return Character.toUpperCase(score().charAt(0)) + score().substring(1);
    }

    private IntervalChart along(String axis) {
        List<String> values = values(axis);
        Scale scale = scale(values);
        Function<Setting, String> shown = setting -> SettingColumns.shown(setting, axis);
        List<IntervalChart.Point> points = comparison.settings().stream()
                .sorted(Comparator.comparing(shown.andThen(values::indexOf)))
                .map(setting -> point(
                        setting,
                        shown.apply(setting),
                        scale == Scale.CATEGORIES ? 0 : Double.parseDouble(shown.apply(setting))))
                .toList();
        return new IntervalChart(title() + " by " + axis, axis, scale, UNIT, points);
    }

    private IntervalChart side() {
        List<IntervalChart.Point> points = comparison.settings().stream()
                .map(setting -> point(setting, setting.letter(), 0))
                .toList();
        return new IntervalChart(title() + " by setting", "setting", Scale.CATEGORIES, UNIT, points);
    }

    private IntervalChart.Point point(Setting setting, String label, double x) {
        MeanInterval interval = comparison.score(setting);
        return new IntervalChart.Point(
                label, x, interval.mean(), interval.low(), interval.high(), setting.values(comparison.metric()));
    }

    private HeatMap over(String xAxis, String yAxis) {
        List<String> x = values(xAxis);
        List<String> y = values(yAxis);
        double[][] z = new double[y.size()][x.size()];
        Arrays.stream(z).forEach(row -> Arrays.fill(row, Double.NaN));
        Optional<HeatMap.Cell> least = Optional.empty();
        Optional<Setting> best = comparison.best();
        for (Setting setting : comparison.settings()) {
            HeatMap.Cell cell = new HeatMap.Cell(
                    y.indexOf(SettingColumns.shown(setting, yAxis)), x.indexOf(SettingColumns.shown(setting, xAxis)));
            z[cell.row()][cell.column()] = comparison.score(setting).mean();
            if (best.filter(setting::equals).isPresent()) {
                least = Optional.of(cell);
            }
        }
        String title = title() + " by " + xAxis + " and " + yAxis;
        return new HeatMap(title, xAxis, yAxis, "nats", x, y, z, DIGITS, least);
    }

    /** A parameter's values: numbers ascending, anything else in order of appearance. */
    private List<String> values(String axis) {
        List<String> values = comparison.settings().stream()
                .map(setting -> SettingColumns.shown(setting, axis))
                .distinct()
                .toList();
        return areNumbers(values)
                ? values.stream()
                        .sorted(Comparator.comparingDouble(Double::parseDouble))
                        .toList()
                : values;
    }

    private static boolean areNumbers(List<String> values) {
        return values.stream().allMatch(value -> value.matches("-?\\d+(\\.\\d+)?([eE]-?\\d+)?"));
    }

    /**
     * The scale of an axis: logarithmic for numbers with about the same ratio throughout. With zero before such
     * numbers, they are categories, as are names.
     *
     * @param values numbers in ascending order, or anything
     */
    static Scale scale(List<String> values) {
        if (!areNumbers(values)) {
            return Scale.CATEGORIES;
        }
        double[] numbers = values.stream().mapToDouble(Double::parseDouble).toArray();
        if (numbers.length > 2 && isGeometric(numbers)) {
            return Scale.LOGARITHMIC;
        }
        boolean afterZero = numbers.length > 3
                ? isGeometric(Arrays.copyOfRange(numbers, 1, numbers.length))
                : numbers.length == 3 && numbers[2] >= 4 * numbers[1]; // 0, 1, 2 are evenly apart as they are
        return numbers[0] == 0 && afterZero ? Scale.CATEGORIES : Scale.LINEAR;
    }

    private static boolean isGeometric(double[] numbers) {
        DoubleSummaryStatistics ratios = IntStream.range(1, numbers.length)
                .mapToDouble(i -> numbers[i] / numbers[i - 1])
                .summaryStatistics();
        // 1, 3, 10, 30 counts as geometric; 100, 110, 120 does not.
        return numbers[0] > 0 && ratios.getMin() >= 1.5 && ratios.getMax() <= 1.3 * ratios.getMin();
    }
}
