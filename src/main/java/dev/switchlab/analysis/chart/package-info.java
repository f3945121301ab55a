/**
 * Charts as values, apart from how they are drawn: as SVG that stands alone, or as Plotly figures that answer to the pointer. Knows nothing
 * of runs or experts.
 */
package dev.switchlab.analysis.chart;
