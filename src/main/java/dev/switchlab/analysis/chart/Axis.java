package dev.switchlab.analysis.chart;

/**
 * A range of values along a range of pixels.
 *
 * @param from the pixel of the least value
 * @param to the pixel of the greatest
 */
record Axis(Range range, double from, double to) {

    /** The pixel of a value. */
    double at(double value) {
        return from + range.share(value) * (to - from);
    }
}
