package dev.switchlab.golden;

/**
 * How far an element may be off: {@code |actual - expected| <= absolute + relative * |expected|}.
 *
 * @param absolute absolute part
 * @param relative relative part
 */
public record Tolerance(double absolute, double relative) {

    /** Equal values only. */
    static final Tolerance EXACT = new Tolerance(0, 0);

    /** What an element may differ by. */
    double of(double expected) {
        return absolute + relative * Math.abs(expected);
    }

    Tolerance widened(double by) {
        return new Tolerance(absolute + by, relative);
    }
}
