package dev.switchlab.runs;

/**
 * One value of a metric.
 *
 * @param time ms since 1970
 */
public record MetricPoint(long step, long time, double value) {}
