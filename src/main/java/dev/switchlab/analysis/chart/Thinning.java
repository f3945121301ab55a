package dev.switchlab.analysis.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Leaves out the points of a long line that make no difference to its picture: of each column of pixels the first, the
 * last, the lowest and the highest stay (M4: Jugel, Jerzak, Hackenbroich and Markl, "M4: A visualization-oriented time
 * series data aggregation", VLDB 2014).
 */
final class Thinning {

    private Thinning() {}

    /**
     * Runs of points between the gaps of {@code line}, as indices; each is drawn by itself.
     *
     * @param columns how many columns {@code x} is divided into
     */
    static List<int[]> runs(LineChart.Line line, Range x, int columns) {
        List<int[]> runs = new ArrayList<>();
        int from = 0;
        for (int i = 0; i <= line.y().length; i++) {
            if (i == line.y().length || !Double.isFinite(line.y()[i])) {
                if (i > from) {
                    runs.add(run(line, x, columns, from, i));
                }
                from = i + 1;
            }
        }
        return runs;
    }

    private static int[] run(LineChart.Line line, Range x, int columns, int from, int to) {
        TreeSet<Integer> kept = new TreeSet<>();
        int first = from;
        while (first < to) {
            int column = column(line, x, columns, first);
            int low = first;
            int high = first;
            int next = first;
            for (; next < to && column(line, x, columns, next) == column; next++) {
                low = line.y()[next] < line.y()[low] ? next : low;
                high = line.y()[next] > line.y()[high] ? next : high;
            }
            kept.addAll(List.of(first, low, high, next - 1));
            first = next;
        }
        return kept.stream().mapToInt(Integer::intValue).toArray();
    }

    private static int column(LineChart.Line line, Range x, int columns, int point) {
        return (int) Math.min(columns - 1, x.share(line.x()[point]) * columns);
    }
}
