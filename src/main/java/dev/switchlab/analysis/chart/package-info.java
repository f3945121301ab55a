/** Lines, bars and heat maps, as SVG. */
package dev.switchlab.analysis.chart;
