package dev.switchlab.analysis;

import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * The difference of two settings in a metric at the end of training.
 *
 * @param baseline the setting that is subtracted
 * @param interval of the difference, by the {@link BlockModel} of all settings; of no values without a common seed
 * @param level the greatest p value that counts as better or worse, so that all differences of a page together are
 *     wrong with a probability of 5 % at most: {@link #level}
 * @param margin a difference below which the settings are equivalent; NaN without one
 */
public record Difference(
        Setting setting, Setting baseline, String metric, MeanInterval interval, double level, double margin) {

    private static final double SIGNIFICANCE = 0.05;

    /** What a difference shows. */
    public enum Verdict {
        BETTER,
        WORSE,
        /** Less than the margin, by two one-sided tests of 5 % each. */
        EQUIVALENT,
        /** Neither: more seeds are needed. */
        UNDECIDED,
        NEEDS_TWO_SEEDS,
        NOT_A_NUMBER;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * The greatest p value that Holm's procedure rejects (Holm 1979), or 0.05 divided by the number of values if it
     * rejects none.
     *
     * @param values p values of all comparisons that are read together; NaN does not count
     */
    public static double level(DoubleStream values) {
        double[] sorted = values.filter(Double::isFinite).sorted().toArray();
        int rejected = 0;
        while (rejected < sorted.length && sorted[rejected] <= SIGNIFICANCE / (sorted.length - rejected)) {
            rejected++;
        }
        return rejected == 0 ? SIGNIFICANCE / Math.max(1, sorted.length) : sorted[rejected - 1];
    }

    /** Such as {@code B - A}. */
    public String title() {
        return setting.letter() + " - " + baseline.letter();
    }

    /** What the difference shows. Settings that are equivalent are neither better nor worse. */
    public Verdict verdict() {
        if (interval.n() < 1 || interval.degreesOfFreedom() < 1) {
            return Verdict.NEEDS_TWO_SEEDS;
        }
        if (Double.isNaN(interval.mean())) {
            return Verdict.NOT_A_NUMBER;
        }
        if (interval.pOfEquivalence(margin) <= SIGNIFICANCE) {
            return Verdict.EQUIVALENT;
        }
        if (!(interval.p() <= level)) {
            return Verdict.UNDECIDED;
        }
        return interval.mean() > 0 == isHigherBetter(metric) ? Verdict.BETTER : Verdict.WORSE;
    }

    /** Whether a higher value is better: of accuracy and speed, not of losses. */
    static boolean isHigherBetter(String metric) {
        return metric.endsWith("accuracy") || metric.endsWith("tokens_per_second");
    }
}
