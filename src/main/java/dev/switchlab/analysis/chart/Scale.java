package dev.switchlab.analysis.chart;

/** How far apart values lie along an axis. */
public enum Scale {
    /** Equal differences are equally long. */
    LINEAR,
    /** Equal ratios are equally long; all values are above 0. */
    LOGARITHMIC,
    /** Side by side; a value is the position, from 0. */
    CATEGORIES;

    /** Where a value lies: the value itself, or its logarithm to base 2. */
    double place(double value) {
        if (this != LOGARITHMIC) {
            return value;
        }
        int exponent = Math.getExponent(value); // exact for powers of two, which a logarithm is not
        return exponent + Math.log(Math.scalb(value, -exponent)) / Math.log(2);
    }

    /** The value at a place. */
    double value(double place) {
        return this == LOGARITHMIC ? Math.pow(2, place) : place;
    }

    boolean allows(double value) {
        return Double.isFinite(value) && (this != LOGARITHMIC || value > 0);
    }
}
