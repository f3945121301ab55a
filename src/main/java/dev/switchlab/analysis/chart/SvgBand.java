package dev.switchlab.analysis.chart;

import java.util.function.DoubleUnaryOperator;

/**
 * Draws the band around a line, if it has one.
 *
 * @param line with each x where it lies
 * @param color of the line; the band lets others shine through
 * @param x place of a value, in pixels
 * @param y the same upwards
 */
record SvgBand(LineChart.Line line, String color, DoubleUnaryOperator x, DoubleUnaryOperator y) {

    private static final double OPACITY = 0.18;

    void draw(SvgWriter svg) {
        int from = 0;
        int length = line.low().length;
        for (int i = 0; i <= length; i++) {
            if (i == length || !Double.isFinite(line.low()[i]) || !Double.isFinite(line.high()[i])) {
                if (i - from > 1) {
                    draw(svg, from, i);
                }
                from = i + 1;
            }
        }
    }

    /** Along the upper edge and back along the lower. */
    private void draw(SvgWriter svg, int from, int to) {
        StringBuilder path = new StringBuilder();
        for (int i = from; i < to; i++) {
            path.append(i == from ? "M" : "L").append(place(i, line.high()));
        }
        for (int i = to - 1; i >= from; i--) {
            path.append('L').append(place(i, line.low()));
        }
        // Opacity with two digits, which lengths do not have.
        svg.leaf(
                "path",
                "class",
                "band",
                "d",
                path.append('z'),
                "fill",
                color,
                "fill-opacity",
                Double.toString(OPACITY));
    }

    private String place(int point, double[] edge) {
        return SvgWriter.number(x.applyAsDouble(line.x()[point])) + " "
                + SvgWriter.number(y.applyAsDouble(edge[point]));
    }
}
