package dev.switchlab.paper;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Setting;
import dev.switchlab.runs.Run;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How many steps a variant's baseline needs for the variant's loss (arXiv 2101.03961, sections 3.1 and 3.2), from
 * baselines that were trained for several numbers of steps, each with a whole schedule of its learning rate: a loss in
 * the middle of a longer run is that of a learning rate which has not fallen yet. Of mean losses over seeds, linear in
 * the logarithm of the number of steps.
 *
 * @param steps of the baseline
 * @param times steps of the baseline over those of the variant
 * @param seconds likewise, of training on a machine that does nothing else
 */
record StepsToLoss(double steps, Ratio times, Ratio seconds) {

    private static final String STEPS = "train.steps";

    /** What baselines of several lengths may differ in: each has its own best learning rate and scale. */
    private static final List<String> LENGTH = List.of(STEPS, "train.learning_rate", "model.init_scale");

    /**
     * A ratio and its 95 % interval over resampled seeds (percentile bootstrap). Zero stands for less than the shortest
     * baseline, infinity for more than the longest.
     */
    record Ratio(double value, double low, double high) {

        private Ratio times(double factor) {
            return new Ratio(value * factor, low * factor, high * factor);
        }

        /** Such as {@code 1.38 [1.31 1.44]}. */
        @Override
        public String toString() {
            return text(value) + " [" + text(low) + " " + text(high) + "]";
        }

        private static String text(double ratio) {
            return ratio == 0 ? "less" : Double.isInfinite(ratio) ? "more" : String.format(Locale.ROOT, "%.2f", ratio);
        }
    }

    /** Empty for a baseline itself, without baselines of two lengths, and without two seeds that all of these have. */
    static Optional<StepsToLoss> of(Setting variant, Comparison comparison) {
        Map<String, String> wanted =
                comparison.baseline().map(StepsToLoss::butLength).orElse(Map.of());
        List<Setting> lengths = comparison.settings().stream()
                .filter(setting -> butLength(setting).equals(wanted))
                .sorted(Comparator.comparingDouble(StepsToLoss::steps))
                .toList();
        List<String> seeds = variant.bySeed().keySet().stream()
                .filter(seed -> lengths.stream().allMatch(own -> own.bySeed().containsKey(seed)))
                .toList();
        if (butLength(variant).equals(wanted) || lengths.size() < 2 || seeds.size() < 2) {
            return Optional.empty();
        }
        double[] interval = Bootstrap.interval(seeds, sample -> steps(variant, lengths, sample));
        double steps = steps(variant, lengths, seeds);
        Ratio times = new Ratio(steps, interval[0], interval[1]).times(1 / steps(variant));
        double stepMillis = lengths.get(lengths.size() - 1).median(run -> run.metric(Measures.STEP_MS));
        return Optional.of(new StepsToLoss(
                steps, times, times.times(stepMillis / variant.median(run -> run.metric(Measures.STEP_MS)))));
    }

    private static double steps(Setting variant, List<Setting> lengths, List<String> seeds) {
        double loss = mean(variant, seeds);
        double lastSteps = 0;
        double lastLoss = Double.NaN;
        for (Setting length : lengths) {
            double other = mean(length, seeds);
            if (other == loss) {
                return steps(length);
            }
            if (other < loss) {
                double share = (lastLoss - loss) / (lastLoss - other);
                return lastSteps == 0 ? 0 : lastSteps * Math.pow(steps(length) / lastSteps, share);
            }
            lastSteps = steps(length);
            lastLoss = other;
        }
        return Double.POSITIVE_INFINITY;
    }

    private static double mean(Setting setting, List<String> seeds) {
        Map<String, Run> runs = setting.bySeed();
        return seeds.stream()
                .mapToDouble(seed -> runs.get(seed).metric(Comparison.FINAL_SCORE))
                .average()
                .orElse(Double.NaN);
    }

    private static double steps(Setting setting) {
        return Double.parseDouble(setting.params().get(STEPS));
    }

    private static Map<String, String> butLength(Setting setting) {
        Map<String, String> rest = new TreeMap<>(setting.params());
        rest.keySet().removeAll(LENGTH);
        return rest;
    }

    /** Such as {@code 2070, 1.38 [1.31 1.44]}. */
    @Override
    public String toString() {
        return (Double.isFinite(steps) && steps > 0 ? String.format(Locale.ROOT, "%.0f, ", steps) : "") + times;
    }
}
