package dev.switchlab.analysis;

import dev.switchlab.analysis.chart.LineChart;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A metric by step, over the runs of a setting: a line through their means, and the band from the least to the greatest
 * of them. As far as all of them go, so that no step is the mean of other runs than the one before.
 */
final class SettingCurve {

    /** Points along a line: more show the noise of single batches instead of the way of the loss. */
    private static final int MOST_POINTS = 100;

    private SettingCurve() {}

    /**
     * So many steps are one point: 1, or a round number where there would be too many points.
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
     * @param name what the legend calls it
     * @param histories step to value, of each of its runs; those without a point do not count
     * @param stepsPerPoint each run is averaged over so many steps
     */
    static LineChart.Line of(String name, List<? extends NavigableMap<Long, Double>> histories, long stepsPerPoint) {
        List<NavigableMap<Long, Point>> runs = histories.stream()
                .filter(history -> !history.isEmpty())
                .map(history -> points(history, stepsPerPoint))
                .toList();
        TreeSet<Long> keys = new TreeSet<>();
        runs.forEach(run -> keys.addAll(run.keySet()));
        List<double[]> rows = new ArrayList<>();
        for (long key : keys) {
            List<Point> points = runs.stream()
                    .map(run -> run.get(key))
                    .filter(Objects::nonNull)
                    .toList();
            if (points.size() == runs.size()) {
                rows.add(row(points));
            }
        }
        return runs.size() == 1
                ? new LineChart.Line(name, column(rows, 0), column(rows, 1))
                : new LineChart.Line(name, column(rows, 0), column(rows, 1), column(rows, 2), column(rows, 3));
    }

    /** Means of a run, by number of the point. */
    private static NavigableMap<Long, Point> points(NavigableMap<Long, Double> history, long stepsPerPoint) {
        NavigableMap<Long, List<Map.Entry<Long, Double>>> grouped = new TreeMap<>();
        for (Map.Entry<Long, Double> point : history.entrySet()) {
            grouped.computeIfAbsent(Math.floorDiv(point.getKey() - 1, stepsPerPoint), key -> new ArrayList<>())
                    .add(point);
        }
        NavigableMap<Long, Point> points = new TreeMap<>();
        grouped.forEach((key, group) -> points.put(
                key,
                new Point(
                        group.stream().mapToLong(Map.Entry::getKey).average().orElseThrow(),
                        group.stream()
                                .mapToDouble(Map.Entry::getValue)
                                .average()
                                .orElseThrow())));
        return points;
    }

    /** Step, mean, least, greatest. */
    private static double[] row(List<Point> points) {
        return new double[] {
            points.stream().mapToDouble(Point::step).average().orElseThrow(),
            points.stream().mapToDouble(Point::value).average().orElseThrow(),
            points.stream().mapToDouble(Point::value).min().orElseThrow(),
            points.stream().mapToDouble(Point::value).max().orElseThrow()
        };
    }

    private static double[] column(List<double[]> rows, int column) {
        return rows.stream().mapToDouble(row -> row[column]).toArray();
    }

    private record Point(double step, double value) {}
}
