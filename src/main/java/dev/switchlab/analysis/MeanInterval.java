package dev.switchlab.analysis;

import java.util.List;
import java.util.Locale;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * A mean over independent runs and how well it is known: {@code mean +- halfWidth} is the 95 % confidence interval by
 * Student's t, which takes the values for normally distributed.
 *
 * @param n number of values
 * @param mean their mean
 * @param halfWidth half the width of the interval; NaN for fewer than two values
 */
public record MeanInterval(int n, double mean, double halfWidth) {

    private static final double CONFIDENCE = 0.95;

    /** Of at least one value. */
    public static MeanInterval of(List<Double> values) {
        int n = values.size();
        if (n == 0) {
            throw new IllegalArgumentException("a mean needs at least one value");
        }
        double mean = values.stream().mapToDouble(Double::doubleValue).sum() / n;
        if (n == 1) {
            return new MeanInterval(n, mean, Double.NaN);
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        double standardError = Math.sqrt(squares / (n - 1) / n);
        double t = TDistribution.of(n - 1).inverseSurvivalProbability((1 - CONFIDENCE) / 2);
        return new MeanInterval(n, mean, t * standardError);
    }

    /** Lower end. */
    public double low() {
        return mean - halfWidth;
    }

    /** Upper end. */
    public double high() {
        return mean + halfWidth;
    }

    /** Whether the interval leaves out zero; never with fewer than two values. */
    public boolean excludesZero() {
        return low() > 0 || high() < 0;
    }

    /** Such as {@code 2.3101 +- 0.0123}. */
    @Override
    public String toString() {
        return Double.isNaN(halfWidth)
                ? String.format(Locale.ROOT, "%.4f", mean)
                : String.format(Locale.ROOT, "%.4f +- %.4f", mean, halfWidth);
    }
}
