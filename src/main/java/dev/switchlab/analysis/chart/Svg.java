package dev.switchlab.analysis.chart;

/**
 * Charts as SVG drawings that need nothing else: no script, no style sheet, no font but the reader's sans-serif. The
 * same chart gives the same bytes.
 *
 * <p>Written by hand, because Java's chart libraries measure text through AWT, which needs fonts that a machine with a
 * headless JDK does not have.
 */
public final class Svg implements Chart.Renderer<String> {

    private Svg() {}

    /** Draws {@code chart}; as a file, {@code .svg}, or as an element of an HTML page. */
    public static String of(Chart chart) {
        return chart.draw(new Svg());
    }

    @Override
    public String lines(LineChart chart) {
        return new SvgLines(chart).draw();
    }

    @Override
    public String bars(BarChart chart) {
        return new SvgBars(chart).draw();
    }

    @Override
    public String heatMap(HeatMap chart) {
        return new SvgHeatMap(chart).draw();
    }

    @Override
    public String intervals(IntervalChart chart) {
        return new SvgIntervals(chart).draw();
    }
}
