package dev.switchlab.analysis.chart;

/** What a figure shows. {@link Svg} draws it still, {@link PlotlyFigures} for a page that answers to the pointer. */
public sealed interface Chart permits LineChart, BarChart, HeatMap {

    /** Names it where it stands alone. */
    String title();

    /** A sentence or two for readers who cannot see it. */
    String description();

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
    }
}
