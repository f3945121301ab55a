package dev.switchlab.analysis;

import java.util.Locale;
import java.util.stream.DoubleStream;
import org.apache.commons.statistics.descriptive.StandardDeviation;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * A mean, or a difference of means, with its 95 % confidence interval, {@code mean +- halfWidth}, by Student's t for
 * normally distributed values.
 *
 * @param n number of values
 * @param mean NaN for no values
 * @param standardError of the mean; NaN where the values do not tell it
 * @param degreesOfFreedom of the standard error; below one where the values do not tell it
 */
public record MeanInterval(int n, double mean, double standardError, int degreesOfFreedom) {

    private static final double CONFIDENCE = 0.95;
    private static final double ROUNDING = 1e-12;

    /** The mean of any number of independent values. */
    public static MeanInterval of(double... values) {
        int n = values.length;
        return new MeanInterval(
                n,
                n == 0 ? Double.NaN : DoubleStream.of(values).sum() / n,
                n < 2 ? Double.NaN : StandardDeviation.of(values).getAsDouble() / Math.sqrt(n),
                n - 1);
    }

    /** Sample standard deviation of independent values; NaN for fewer than two. */
    public double deviation() {
        return standardError * Math.sqrt(n);
    }

    /** Half the width of the interval; NaN without a standard error. */
    public double halfWidth() {
        return degreesOfFreedom < 1
                ? Double.NaN
                : TDistribution.of(degreesOfFreedom).inverseSurvivalProbability((1 - CONFIDENCE) / 2) * standardError;
    }

    /** Lower end. */
    public double low() {
        return mean - halfWidth();
    }

    /** Upper end. */
    public double high() {
        return mean + halfWidth();
    }

    /** The probability of a mean at least as far from zero where the true mean is zero (two-sided t-test). */
    public double p() {
        // Equal runs differ by rounding at most, and so does their standard error.
        return degreesOfFreedom > 0 && Math.abs(mean) < ROUNDING ? 1 : Math.min(1, 2 * survival(Math.abs(mean)));
    }

    /**
     * The probability of a mean at least as near to zero where the true mean is {@code margin} away (two one-sided
     * t-tests: Schuirmann 1987).
     */
    public double pOfEquivalence(double margin) {
        return survival(margin - Math.abs(mean));
    }

    private double survival(double distance) {
        return degreesOfFreedom < 1
                ? Double.NaN
                : TDistribution.of(degreesOfFreedom).survivalProbability(distance / standardError);
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
