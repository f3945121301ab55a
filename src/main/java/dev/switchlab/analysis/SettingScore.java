package dev.switchlab.analysis;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * How well the runs of a setting did, and at what cost.
 *
 * @param setting whose runs these are
 * @param values the score of each seed's run, in the order of {@link SettingRuns#bySeed}; without runs that have none
 * @param interval their mean and its 95 % interval; NaN of no value
 * @param best the run with the least score; empty if none has a finite one
 * @param seconds from start to end, of the middle one of the runs that have ended: a pause of one says nothing; NaN if
 *     none has
 * @param tokensPerSecond mean over runs of what the middle one of their steps took; NaN if none measured it
 */
public record SettingScore(
        SettingRuns setting,
        List<Double> values,
        MeanInterval interval,
        Optional<Run> best,
        double seconds,
        double tokensPerSecond) {

    /**
     * Scores a setting.
     *
     * @param metric the score; less is better
     * @param curves run id to metric to what its history says
     */
    static SettingScore of(SettingRuns setting, String metric, Map<String, Map<String, Curve>> curves) {
        List<Run> runs = setting.bySeed().values().stream()
                .filter(run -> curves.get(run.runId()).containsKey(metric))
                .toList();
        List<Double> values = runs.stream()
                .map(run -> curves.get(run.runId()).get(metric).last())
                .toList();
        return new SettingScore(
                setting,
                values,
                values.isEmpty() ? new MeanInterval(0, Double.NaN, Double.NaN) : MeanInterval.of(values),
                runs.stream()
                        .filter(run -> Double.isFinite(
                                curves.get(run.runId()).get(metric).last()))
                        .min(Comparator.comparing(
                                run -> curves.get(run.runId()).get(metric).last())),
                middle(setting.bySeed().values().stream()
                        .filter(run -> run.end().isPresent())
                        .mapToDouble(SettingScore::seconds)),
                setting.bySeed().values().stream()
                        .map(run -> curves.get(run.runId()).get(MetricNames.TRAIN_TOKENS_PER_SECOND))
                        .filter(curve -> curve != null)
                        .mapToDouble(Curve::median)
                        .average()
                        .orElse(Double.NaN));
    }

    private static double middle(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    }

    /** From start to end; NaN for a run without one. */
    static double seconds(Run run) {
        return run.end()
                .map(end -> Duration.between(run.start(), end).toMillis() / 1e3)
                .orElse(Double.NaN);
    }

    /** The least score of a run; NaN if none is finite. */
    public double least() {
        return values.stream()
                .mapToDouble(Double::doubleValue)
                .filter(Double::isFinite)
                .min()
                .orElse(Double.NaN);
    }
}
