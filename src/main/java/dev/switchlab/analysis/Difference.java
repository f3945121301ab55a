package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.util.Locale;
import java.util.Map;

/**
 * The paired difference of two settings in a metric at the end of training.
 *
 * @param baseline the setting that is subtracted
 * @param interval mean over the seeds for which both settings have the metric; of no values without such a seed
 */
public record Difference(Setting setting, Setting baseline, String metric, MeanInterval interval) {

    /** What a difference shows, by its 95 % interval. */
    public enum Verdict {
        BETTER,
        WORSE,
        /** The interval contains zero. */
        UNDECIDED,
        NEEDS_TWO_SEEDS,
        NOT_A_NUMBER;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** Pairs two settings seed by seed. */
    public static Difference of(Setting setting, Setting baseline, String metric) {
        Map<String, Run> own = setting.bySeed();
        Map<String, Run> other = baseline.bySeed();
        return new Difference(
                setting,
                baseline,
                metric,
                MeanInterval.of(setting.commonSeeds(baseline).stream()
                        .filter(seed -> own.get(seed).metrics().containsKey(metric)
                                && other.get(seed).metrics().containsKey(metric))
                        .mapToDouble(seed ->
                                own.get(seed).metric(metric) - other.get(seed).metric(metric))
                        .toArray()));
    }

    /** Such as {@code B - A}. */
    public String title() {
        return setting.letter() + " - " + baseline.letter();
    }

    /** Whether the interval excludes zero, and on which side. */
    public Verdict verdict() {
        if (interval.n() < 2) {
            return Verdict.NEEDS_TWO_SEEDS;
        }
        if (Double.isNaN(interval.mean())) {
            return Verdict.NOT_A_NUMBER;
        }
        if (!interval.excludesZero()) {
            return Verdict.UNDECIDED;
        }
        return interval.mean() > 0 == isHigherBetter(metric) ? Verdict.BETTER : Verdict.WORSE;
    }

    /** Whether a higher value is better: of accuracy and speed, not of losses. */
    static boolean isHigherBetter(String metric) {
        return metric.endsWith("accuracy") || metric.endsWith("tokens_per_second");
    }
}
