package dev.switchlab.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How far a setting is from the baseline in a metric, seed by seed.
 *
 * @param setting the other setting
 * @param baseline what it is held against
 * @param metric the metric, at the end of training
 * @param difference mean over the seeds that both have, and its 95 % interval
 */
public record SettingDifference(SettingRuns setting, SettingRuns baseline, String metric, MeanInterval difference) {

    /**
     * Pairs all settings with the baseline.
     *
     * @param metrics what is compared; a metric that no pair has is left out
     * @param curves run id to metric to what its history says
     */
    static List<SettingDifference> of(
            List<SettingRuns> settings,
            SettingRuns baseline,
            List<String> metrics,
            Map<String, Map<String, Curve>> curves) {
        List<SettingDifference> differences = new ArrayList<>();
        for (SettingRuns setting : settings) {
            if (setting.equals(baseline)) {
                continue;
            }
            for (String metric : metrics) {
                List<Double> values = commonSeeds(setting, baseline).stream()
                        .map(seed -> List.of(
                                curves.get(setting.bySeed().get(seed).runId()),
                                curves.get(baseline.bySeed().get(seed).runId())))
                        .filter(pair -> pair.stream().allMatch(run -> run.containsKey(metric)))
                        .map(pair -> pair.get(0).get(metric).last()
                                - pair.get(1).get(metric).last())
                        .toList();
                if (!values.isEmpty()) {
                    differences.add(new SettingDifference(setting, baseline, metric, MeanInterval.of(values)));
                }
            }
        }
        return List.copyOf(differences);
    }

    /** The seeds that both settings have a run with. */
    static Set<String> commonSeeds(SettingRuns one, SettingRuns other) {
        Set<String> common = one.bySeed().keySet();
        common.retainAll(other.bySeed().keySet());
        return common;
    }

    /** Such as {@code B - A}. */
    public String title() {
        return setting.letter() + " - " + baseline.letter();
    }

    /** In two or three words: whether the interval leaves out 0, and on which side. */
    public String verdict() {
        if (difference.n() < 2) {
            return "needs two seeds";
        }
        if (Double.isNaN(difference.mean())) {
            return "not a number";
        }
        if (!difference.excludesZero()) {
            return "not distinguishable";
        }
        return difference.mean() > 0 == Curve.isHigherBetter(metric) ? "better" : "worse";
    }
}
