package dev.switchlab.provenance;

import dev.switchlab.experiment.MetricNames;
import java.util.List;
import java.util.Locale;

/**
 * How far the values of two trainings that only round differently may be apart: {@code share * max(|a|, |b|, 1)}, where
 * the share grows with the step, as training amplifies every rounding error. The 1 makes it absolute for shares,
 * entropies and small losses.
 *
 * <p>Losses and scores have a narrow share. All else (router statistics, gradient norms) has a wide one: the smallest
 * error can send a token to another expert, and then the experts learn from other tokens. The learning rate has none.
 *
 * @param losses of {@code train/loss}, {@code train/cross_entropy}, {@code valid/*}, {@code final/*} and
 *     {@code best/cross_entropy}
 * @param others of everything else
 */
public record Tolerance(Share losses, Share others) {

    /**
     * Measured: one thread against two, 400 steps of reference and of tiny-shakespeare, stay within 0.36 and 0.52 of
     * it.
     */
    public static final Tolerance DEFAULT = new Tolerance(new Share(1e-5, 2e-4, 0.05), new Share(1e-5, 1e-2, 1));

    private static final List<String> LOSSES = List.of(
            MetricNames.TRAIN_LOSS,
            MetricNames.TRAIN_CROSS_ENTROPY,
            MetricNames.VALID,
            MetricNames.FINAL,
            MetricNames.BEST_CROSS_ENTROPY);

    /** Follows from the settings and the step alone. */
    private static final String EXACT = MetricNames.TRAIN_LEARNING_RATE;

    /**
     * A share that grows.
     *
     * @param first at step 0
     * @param growth more for each step
     * @param most largest
     */
    public record Share(double first, double growth, double most) {

        double at(long step) {
            return Math.min(most, first + growth * step);
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s + %s * step, at most %s", first, growth, most);
        }
    }

    /** Whether two values at {@code step} are near enough. NaN is near to NaN only, an infinity to itself. */
    boolean allows(String metric, long step, double a, double b) {
        if (Double.compare(a, b) == 0) {
            return true;
        }
        if (metric.equals(EXACT)) {
            return false;
        }
        Share share = LOSSES.stream().anyMatch(metric::startsWith) ? losses : others;
        return Math.abs(a - b) <= share.at(step) * Math.max(1, Math.max(Math.abs(a), Math.abs(b)))
                && Double.isFinite(a)
                && Double.isFinite(b);
    }

    @Override
    public String toString() {
        return "share * max(|a|, |b|, 1); share of losses and scores: " + losses + "; of all else: " + others
                + "; of the learning rate: 0";
    }
}
