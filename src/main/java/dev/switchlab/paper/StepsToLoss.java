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
 * How many steps one model needs for the loss of another (arXiv 2101.03961, sections 3.1 and 3.2), from runs of several
 * lengths, each with a whole schedule of its learning rate: a loss in the middle of a longer run is that of a learning
 * rate which has not fallen yet. Of mean losses over seeds, linear in the logarithm of the number of steps.
 *
 * @param steps that reach the loss
 * @param times steps of the dearer model over those of the other: the baseline's over the variant's
 * @param seconds likewise, of training on a machine that does nothing else
 */
record StepsToLoss(double steps, Ratio times, Ratio seconds) {

    private static final String STEPS = "train.steps";

    /** What models of several lengths may differ in: each has its own best learning rate and scale. */
    private static final List<String> LENGTH = List.of(STEPS, "train.learning_rate", "model.init_scale");

    /**
     * A ratio and its 95 % interval over resampled seeds (percentile bootstrap). Zero and infinity stand for less and
     * more than the lengths tell.
     */
    record Ratio(double value, double low, double high) {

        private Ratio times(double factor) {
            return new Ratio(value * factor, low * factor, high * factor);
        }

        private Ratio inverse() {
            return new Ratio(1 / value, 1 / high, 1 / low);
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

    /**
     * How many steps the baseline needs for the loss of a variant. Empty for a baseline itself, without baselines of
     * two lengths, and without two seeds that all of these have.
     */
    static Optional<StepsToLoss> ofBaseline(Setting variant, Comparison comparison) {
        return comparison
                .baseline()
                .filter(baseline -> !butLength(baseline).equals(butLength(variant)))
                .flatMap(baseline -> between(variant, lengths(baseline, comparison)));
    }

    /**
     * How many steps a variant needs for the loss of the baseline. Empty but for the longest of two lengths of a
     * variant at least, and without two seeds that all of these have.
     */
    static Optional<StepsToLoss> ofVariant(Setting variant, Comparison comparison) {
        List<Setting> lengths = lengths(variant, comparison);
        return comparison
                .baseline()
                .filter(baseline -> !lengths.contains(baseline) && lengths.indexOf(variant) == lengths.size() - 1)
                .flatMap(baseline -> between(baseline, lengths))
                .map(found -> new StepsToLoss(found.steps, found.times.inverse(), found.seconds.inverse()));
    }

    private static List<Setting> lengths(Setting model, Comparison comparison) {
        return comparison.settings().stream()
                .filter(setting -> butLength(setting).equals(butLength(model)))
                .sorted(Comparator.comparingDouble(StepsToLoss::steps))
                .toList();
    }

    /** @param lengths of one model, ascending */
    private static Optional<StepsToLoss> between(Setting target, List<Setting> lengths) {
        List<String> seeds = target.bySeed().keySet().stream()
                .filter(seed -> lengths.stream().allMatch(own -> own.bySeed().containsKey(seed)))
                .toList();
        if (lengths.size() < 2 || seeds.size() < 2) {
            return Optional.empty();
        }
        double[] interval = Bootstrap.interval(seeds, sample -> steps(target, lengths, sample));
        double steps = steps(target, lengths, seeds);
        Ratio times = new Ratio(steps, interval[0], interval[1]).times(1 / steps(target));
        double stepMillis = lengths.get(lengths.size() - 1).median(run -> run.metric(Measures.STEP_MS));
        return Optional.of(new StepsToLoss(
                steps, times, times.times(stepMillis / target.median(run -> run.metric(Measures.STEP_MS)))));
    }

    private static double steps(Setting target, List<Setting> lengths, List<String> seeds) {
        double loss = mean(target, seeds);
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
