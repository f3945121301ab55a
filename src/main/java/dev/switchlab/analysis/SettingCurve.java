package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.LineChart;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A metric by step over the runs of a setting: a line through their means, and the band from the least to the greatest.
 * The curve ends with the shortest run, so that all its points are means of the same runs.
 */
final class SettingCurve {

    /** More points along a line show the noise of single batches. */
    private static final int MOST_POINTS = 100;

    private SettingCurve() {}

    /**
     * The number of steps that are averaged into one point: 1, or a round number if there are too many points.
     *
     * @param histories step to value, of all runs that are drawn together
     */
    static long stepsPerPoint(List<? extends NavigableMap<Long, Double>> histories) {
        TreeSet<Long> steps = new TreeSet<>();
        histories.forEach(history -> steps.addAll(history.keySet()));
        if (steps.size() <= MOST_POINTS) {
            return 1;
        }
        long span = steps.last() - steps.first() + 1;
        for (long power = 1; ; power *= 10) {
            for (long round : new long[] {power, 2 * power, 5 * power}) {
                if (round > 1 && span <= round * MOST_POINTS) {
                    return round;
                }
            }
        }
    }

    /**
     * The line of a setting.
     *
     * @param name for the legend
     * @param histories step to value, of each of its runs; empty ones are ignored
     * @param stepsPerPoint number of steps that are averaged into one point
     */
    static LineChart.Line of(String name, List<? extends NavigableMap<Long, Double>> histories, long stepsPerPoint) {
        List<Map<Long, Point>> runs = histories.stream()
                .filter(history -> !history.isEmpty())
                .map(history -> points(history, stepsPerPoint))
                .toList();
        TreeSet<Long> common = new TreeSet<>();
        runs.stream().limit(1).forEach(run -> common.addAll(run.keySet()));
        runs.forEach(run -> common.retainAll(run.keySet()));
        List<List<Point>> points = common.stream()
                .map(key -> runs.stream().map(run -> run.get(key)).toList())
                .toList();
        double[] x = along(points, of -> of.mapToDouble(Point::step).average());
        double[] y = along(points, of -> of.mapToDouble(Point::value).average());
        return runs.size() == 1
                ? new LineChart.Line(name, x, y)
                : new LineChart.Line(
                        name,
                        x,
                        y,
                        along(points, of -> of.mapToDouble(Point::value).min()),
                        along(points, of -> of.mapToDouble(Point::value).max()));
    }

    /** Means of a run, by the number of the point. */
    private static Map<Long, Point> points(NavigableMap<Long, Double> history, long stepsPerPoint) {
        Map<Long, List<Map.Entry<Long, Double>>> groups = history.entrySet().stream()
                .collect(Collectors.groupingBy(point -> Math.floorDiv(point.getKey() - 1, stepsPerPoint)));
        Map<Long, Point> points = new HashMap<>();
        groups.forEach((key, group) -> points.put(
                key,
                new Point(
                        group.stream().collect(Collectors.averagingLong(Map.Entry::getKey)),
                        group.stream().collect(Collectors.averagingDouble(Map.Entry::getValue)))));
        return points;
    }

    private static double[] along(List<List<Point>> points, Function<Stream<Point>, OptionalDouble> statistic) {
        return points.stream()
                .mapToDouble(of -> statistic.apply(of.stream()).orElseThrow())
                .toArray();
    }

    private record Point(double step, double value) {}
}
