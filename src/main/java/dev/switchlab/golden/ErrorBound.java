package dev.switchlab.golden;

/**
 * How far an element may be off: {@code |actual - expected| <= absolute + relative * |expected|}.
 *
 * @param absolute absolute part
 * @param relative relative part
 */
public record ErrorBound(double absolute, double relative) {

    /** Equal values only. */
    static final ErrorBound EXACT = new ErrorBound(0, 0);

    /** What an element may differ by. */
    double of(double expected) {
        return absolute + relative * Math.abs(expected);
    }

    ErrorBound widened(double by) {
        return new ErrorBound(absolute + by, relative);
    }
}
