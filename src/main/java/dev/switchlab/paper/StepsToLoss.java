package dev.switchlab.paper;

import dev.switchlab.analysis.Setting;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;

/**
 * Steps after which a variant's validation loss is what its baseline's is at the end (arXiv 2101.03961, figure 5): by
 * mean curves over the seeds that both have, linear between evaluations.
 *
 * @param steps infinite if the loss is never reached
 * @param times the baseline's steps over these
 * @param low lower end of the 95 % interval of {@code times}, over resampled seeds (percentile bootstrap)
 * @param high upper end
 */
record StepsToLoss(double steps, double times, double low, double high) {

    private static final int RESAMPLES = 2000;

    private record Pair(SortedMap<Long, Double> own, SortedMap<Long, Double> baseline) {}

    /** Empty without two common seeds whose runs kept their validation losses. */
    static Optional<StepsToLoss> of(Setting variant, Setting baseline) {
        Map<String, Run> others = baseline.bySeed();
        List<Pair> pairs = new ArrayList<>();
        variant.bySeed().forEach((seed, run) -> {
            if (others.containsKey(seed)) {
                Pair pair = new Pair(Measures.curve(run), Measures.curve(others.get(seed)));
                if (!pair.own().isEmpty() && !pair.baseline().isEmpty()) {
                    pairs.add(pair);
                }
            }
        });
        if (pairs.size() < 2) {
            return Optional.empty();
        }
        double baselineSteps = pairs.get(0).baseline().lastKey();
        SplittableRandom random = new SplittableRandom(1);
        double[] times = new double[RESAMPLES];
        for (int i = 0; i < RESAMPLES; i++) {
            List<Pair> resample = random.ints(pairs.size(), 0, pairs.size())
                    .mapToObj(pairs::get)
                    .toList();
            times[i] = baselineSteps / steps(resample);
        }
        Arrays.sort(times);
        double steps = steps(pairs);
        return Optional.of(new StepsToLoss(
                steps, baselineSteps / steps, times[RESAMPLES / 40], times[RESAMPLES - 1 - RESAMPLES / 40]));
    }

    private static double steps(List<Pair> pairs) {
        double target = mean(
                pairs.stream().map(Pair::baseline).toList(),
                pairs.get(0).baseline().lastKey());
        List<SortedMap<Long, Double>> own = pairs.stream().map(Pair::own).toList();
        double lastStep = 0;
        double lastLoss = Double.POSITIVE_INFINITY;
        for (long step : own.get(0).keySet()) {
            double loss = mean(own, step);
            if (loss <= target) {
                double share = Double.isInfinite(lastLoss) ? 1 : (lastLoss - target) / (lastLoss - loss);
                return lastStep + share * (step - lastStep);
            }
            lastStep = step;
            lastLoss = loss;
        }
        return Double.POSITIVE_INFINITY;
    }

    private static double mean(List<SortedMap<Long, Double>> curves, long step) {
        return curves.stream()
                .mapToDouble(curve -> curve.getOrDefault(step, Double.NaN))
                .average()
                .orElse(Double.NaN);
    }

    /** Such as {@code 1090, 1.38 times [1.31 1.44]}. */
    @Override
    public String toString() {
        return Double.isInfinite(steps)
                ? "never"
                : String.format(Locale.ROOT, "%.0f, %.2f times [%.2f %.2f]", steps, times, low, high);
    }
}
