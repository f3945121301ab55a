package dev.switchlab.analysis.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.DoubleStream;

/**
 * What a line chart says where it is pointed at: the plot is cut into strips, and each strip knows the points in it.
 *
 * @param from the strips' left ends, ascending; NaN-free
 * @param to their right ends
 * @param texts what each strip says, a text per line; empty where there is no point
 */
record LineHints(double[] from, double[] to, List<List<String>> texts) {

    /** Strips at most: enough to find a place, few enough to keep a drawing small. */
    private static final int MOST = 50;

    /**
     * A strip around each x that has points; if there are too many, strips of one width.
     *
     * @param chart with each x where it lies
     * @param axis tells the value there
     */
    static LineHints of(LineChart chart, LineChart.XAxis axis, Range x) {
        double[] middles = chart.lines().stream()
                .flatMapToDouble(line -> DoubleStream.of(line.x()))
                .sorted()
                .distinct()
                .toArray();
        if (middles.length > MOST) {
            double width = (x.high() - x.low()) / MOST;
            middles = DoubleStream.iterate(x.low() + width / 2, middle -> middle + width)
                    .limit(MOST)
                    .toArray();
        }
        double[] from = new double[middles.length];
        double[] to = new double[middles.length];
        List<List<String>> texts = new ArrayList<>();
        for (int i = 0; i < middles.length; i++) {
            from[i] = i == 0 ? x.low() : to[i - 1];
            to[i] = i == middles.length - 1 ? x.high() : (middles[i] + middles[i + 1]) / 2;
            boolean isLast = i == middles.length - 1;
            List<String> own = new ArrayList<>();
            for (LineChart.Line line : chart.lines()) {
                nearest(line, from[i], to[i], isLast, middles[i])
                        .ifPresent(point -> own.add(String.format(
                                Locale.ROOT,
                                "%s: %.4g%s at %s %s",
                                line.name(),
                                line.y()[point],
                                band(line, point),
                                chart.xTitle(),
                                shown(axis.value(line.x()[point])))));
            }
            texts.add(own);
        }
        return new LineHints(from, to, texts);
    }

    private static String band(LineChart.Line line, int point) {
        return line.hasBand() && line.high()[point] > line.low()[point]
                ? String.format(Locale.ROOT, " (%.4g to %.4g)", line.low()[point], line.high()[point])
                : "";
    }

    private static OptionalInt nearest(LineChart.Line line, double from, double to, boolean isLast, double middle) {
        int best = -1;
        for (int i = 0; i < line.x().length; i++) {
            double x = line.x()[i];
            boolean isInside = x >= from && (x < to || isLast) && Double.isFinite(line.y()[i]);
            if (isInside && (best < 0 || Math.abs(x - middle) < Math.abs(line.x()[best] - middle))) {
                best = i;
            }
        }
        return best < 0 ? OptionalInt.empty() : OptionalInt.of(best);
    }

    static String shown(double x) {
        return x == Math.rint(x) ? Long.toString((long) x) : String.format(Locale.ROOT, "%.4g", x);
    }
}
