package dev.switchlab.analysis.chart;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Lines over a common x axis.
 *
 * @param title names the chart where it stands alone
 * @param xTitle what x is
 * @param scale how far apart values of x lie
 * @param yTitle what y is, with its unit
 * @param lines at least one, in the order of the legend
 */
public record LineChart(String title, String xTitle, Scale scale, String yTitle, List<Line> lines) implements Chart {

    /** Along an axis on which equal differences are equally long. */
    public LineChart(String title, String xTitle, String yTitle, List<Line> lines) {
        this(title, xTitle, Scale.LINEAR, yTitle, lines);
    }

    /** Checks that there is something to draw. */
    public LineChart {
        lines = List.copyOf(lines);
        if (lines.isEmpty()) {
            throw new IllegalArgumentException("chart '" + title + "' has no line");
        }
        for (Line line : lines) {
            if (line.x().length > 0 && !scale.allows(line.x()[0])) {
                throw new IllegalArgumentException("chart '" + title + "': x must be above 0 on a logarithmic axis, but"
                        + " line '" + line.name() + "' begins at " + line.x()[0]);
            }
        }
    }

    /**
     * One line, and the band around it; where a value is NaN or infinite, they have a gap.
     *
     * @param name what the legend calls it
     * @param x finite and ascending
     * @param y one value per {@code x}
     * @param low the band's lower edge, one value per {@code x}; empty without a band
     * @param high its upper edge
     */
    public record Line(String name, double[] x, double[] y, double[] low, double[] high) {

        /** A line without a band. */
        public Line(String name, double[] x, double[] y) {
            this(name, x, y, new double[0], new double[0]);
        }

        /** Checks the points. */
        public Line {
            if (x.length != y.length) {
                throw new IllegalArgumentException("line '" + name + "' has " + x.length + " x and " + y.length + " y");
            }
            if (low.length != high.length || (low.length > 0 && low.length != x.length)) {
                throw new IllegalArgumentException("line '" + name + "' has " + x.length + " x, but its band "
                        + low.length + " lower and " + high.length + " upper values");
            }
            for (int i = 0; i < x.length; i++) {
                if (!Double.isFinite(x[i]) || (i > 0 && x[i] < x[i - 1])) {
                    throw new IllegalArgumentException(
                            "line '" + name + "': x must be finite and ascend, but x[" + i + "] is " + x[i]);
                }
            }
        }

        /** Whether there is a band around the line. */
        boolean hasBand() {
            return low.length > 0;
        }

        /** All values that are drawn: the line's and the band's edges. */
        DoubleStream values() {
            return Stream.of(y, low, high).flatMapToDouble(Arrays::stream);
        }

        private String words() {
            double[] finite = Arrays.stream(y).filter(Double::isFinite).toArray();
            return finite.length == 0
                    ? name + " has no finite value"
                    : String.format(
                            Locale.ROOT,
                            "%s from %.4g to %.4g (least %.4g, greatest %.4g)",
                            name,
                            finite[0],
                            finite[finite.length - 1],
                            DoubleStream.of(finite).min().orElseThrow(),
                            DoubleStream.of(finite).max().orElseThrow());
        }
    }

    @Override
    public String description() {
        return "Line chart, " + yTitle + " by " + xTitle + ": "
                + lines.stream().map(Line::words).collect(Collectors.joining("; ")) + ".";
    }

    @Override
    public String svg() {
        return new LineDrawing(this).svg();
    }
}
