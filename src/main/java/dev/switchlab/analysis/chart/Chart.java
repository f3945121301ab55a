package dev.switchlab.analysis.chart;

import dev.switchlab.page.Drawing;

/** What a figure shows. */
public sealed interface Chart extends Drawing permits LineChart, BarChart, HeatMap, IntervalChart {

    /** A sentence or two for readers who cannot see it. */
    String description();

    @Override
    default String svg() {
        return Svg.of(this);
    }

    /** Hands itself to the renderer's method for its kind. */
    <R> R draw(Renderer<R> renderer);

    /**
     * A way of drawing every kind of chart.
     *
     * @param <R> what comes out
     */
    interface Renderer<R> {

        /** Draws lines. */
        R lines(LineChart chart);

        /** Draws bars. */
        R bars(BarChart chart);

        /** Draws a heat map. */
        R heatMap(HeatMap chart);

        /** Draws means with their intervals. */
        R intervals(IntervalChart chart);
    }
}
