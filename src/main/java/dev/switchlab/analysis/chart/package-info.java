/** Lines, bars, heat maps and intervals as SVG: each chart is described as data and drawn in a common frame. */
package dev.switchlab.analysis.chart;
