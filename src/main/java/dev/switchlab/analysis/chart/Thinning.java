package dev.switchlab.analysis.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

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
        return pieces(line.y().length, i -> Double.isFinite(line.y()[i])).stream()
                .map(piece -> thinned(line, x, columns, piece))
                .toList();
    }

    /** Indices below {@code length} without those that are not drawn, parted where there is one. */
    static List<int[]> pieces(int length, IntPredicate isDrawn) {
        List<int[]> pieces = new ArrayList<>();
        int from = 0;
        for (int i = 0; i <= length; i++) {
            if (i == length || !isDrawn.test(i)) {
                if (i > from) {
                    pieces.add(IntStream.range(from, i).toArray());
                }
                from = i + 1;
            }
        }
        return pieces;
    }

    private static int[] thinned(LineChart.Line line, Range x, int columns, int[] piece) {
        TreeSet<Integer> kept = new TreeSet<>();
        int end = piece[piece.length - 1] + 1;
        int first = piece[0];
        while (first < end) {
            int column = column(line, x, columns, first);
            int low = first;
            int high = first;
            int next = first;
            for (; next < end && column(line, x, columns, next) == column; next++) {
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
