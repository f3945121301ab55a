package dev.switchlab.analysis.chart;

import dev.switchlab.page.Drawing;

/**
 * What a figure shows. Its SVG needs nothing else: no script, no style sheet, no font but the reader's sans-serif;
 * equal charts give equal bytes.
 *
 * <p>Drawn without a chart library: Java's measure text through AWT, which needs fonts that a machine with a headless
 * JDK does not have.
 */
public sealed interface Chart extends Drawing permits LineChart, BarChart, HeatMap, IntervalChart {

    /** A sentence or two for readers who cannot see it. */
    String description();
}
