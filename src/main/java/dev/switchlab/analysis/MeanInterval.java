package dev.switchlab.analysis;

import java.util.Locale;
import java.util.stream.DoubleStream;
import org.apache.commons.statistics.descriptive.StandardDeviation;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * The mean of independent values with its 95 % confidence interval, {@code mean +- halfWidth}, by Student's t for
 * normally distributed values.
 *
 * @param n number of values
 * @param mean NaN for no values
 * @param deviation sample standard deviation; NaN for fewer than two values
 */
public record MeanInterval(int n, double mean, double deviation) {

    private static final double CONFIDENCE = 0.95;

    /** The mean of any number of values. */
    public static MeanInterval of(double... values) {
        int n = values.length;
        return new MeanInterval(
                n,
                n == 0 ? Double.NaN : DoubleStream.of(values).sum() / n,
                n < 2 ? Double.NaN : StandardDeviation.of(values).getAsDouble());
    }

    /** Half the width of the interval; NaN for fewer than two values. */
    public double halfWidth() {
        return n < 2
                ? Double.NaN
                : TDistribution.of(n - 1).inverseSurvivalProbability((1 - CONFIDENCE) / 2) * deviation / Math.sqrt(n);
    }

    /** Lower end. */
    public double low() {
        return mean - halfWidth();
    }

    /** Upper end. */
    public double high() {
        return mean + halfWidth();
    }

    /** Whether the interval excludes zero; never with fewer than two values. */
    public boolean excludesZero() {
        return low() > 0 || high() < 0;
    }

    /** A difference with its sign, such as {@code -0.0123 +- 0.0045}; empty if there is no number. */
    public String signed() {
        return Double.isNaN(mean) ? "" : (mean < 0 ? "" : "+") + this;
    }

    /** Such as {@code 2.3101 +- 0.0123}. */
    @Override
    public String toString() {
        return Double.isNaN(halfWidth())
                ? String.format(Locale.ROOT, "%.4f", mean)
                : String.format(Locale.ROOT, "%.4f +- %.4f", mean, halfWidth());
    }
}
