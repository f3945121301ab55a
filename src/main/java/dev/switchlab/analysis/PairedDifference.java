package dev.switchlab.analysis;

import java.util.Arrays;
import org.apache.commons.math3.distribution.TDistribution;

/**
 * The mean of differences between two settings that were run with the same seeds, and its 95 % confidence interval after Student's t.
 *
 * @param pairs number of seeds
 * @param mean mean difference
 * @param low lower end of the interval; NaN with fewer than two pairs
 * @param high upper end of the interval; NaN with fewer than two pairs
 */
public record PairedDifference(int pairs, double mean, double low, double high) {

    private static final double CONFIDENCE = 0.95;

    /**
     * @param differences one entry a seed, at least one
     */
    public static PairedDifference of(double... differences) {
        int n = differences.length;
        if (n == 0) {
            throw new IllegalArgumentException("a paired difference needs at least one pair");
        }
        double mean = Arrays.stream(differences).sum() / n;
        if (n == 1) {
            return new PairedDifference(1, mean, Double.NaN, Double.NaN);
        }
        double squares =
                Arrays.stream(differences).map(d -> (d - mean) * (d - mean)).sum();
        double standardError = Math.sqrt(squares / (n - 1) / n);
        double half = new TDistribution(n - 1).inverseCumulativeProbability((1 + CONFIDENCE) / 2) * standardError;
        return new PairedDifference(n, mean, mean - half, mean + half);
    }

    /** Whether the interval leaves out zero. */
    public boolean isSignificant() {
        return low > 0 || high < 0;
    }
}
