package dev.switchlab.analysis;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Several runs side by side, by setting: runs that differ in nothing but seed, device and threads are one setting (A,
 * B, ...). Settings are held against one of them, the baseline, seed by seed.
 *
 * @param runs the runs in the order given, each once
 * @param settings the same by setting, in order of appearance
 * @param columns by what settings differ
 * @param curves run id to metric to what its history says
 * @param metric the score, in nats per character: less is better
 * @param scores one for each setting, in their order
 * @param baseline one of the settings
 * @param differences of the settings with the baseline's text, by setting and metric
 * @param leftOut what was asked for and is not among the runs, in words
 */
public record RunComparison(
        List<Run> runs,
        List<SettingRuns> settings,
        SettingColumns columns,
        Map<String, Map<String, Curve>> curves,
        String metric,
        List<SettingScore> scores,
        SettingRuns baseline,
        List<SettingDifference> differences,
        List<String> leftOut) {

    /** The metrics that are compared. */
    public static final List<String> METRICS = List.of(
            MetricNames.TRAIN_CROSS_ENTROPY,
            MetricNames.VALID + MetricNames.CROSS_ENTROPY,
            MetricNames.VALID + MetricNames.BITS_PER_CHAR,
            MetricNames.VALID + MetricNames.ACCURACY,
            MetricNames.FINAL + MetricNames.CROSS_ENTROPY,
            MetricNames.FINAL + MetricNames.ACCURACY,
            MetricNames.TRAIN_TOKENS_PER_SECOND);

    /** What runs are scored by: the first of these that all have. */
    private static final List<String> SCORES = List.of(
            MetricNames.FINAL + MetricNames.CROSS_ENTROPY,
            MetricNames.VALID + MetricNames.CROSS_ENTROPY,
            MetricNames.TRAIN_CROSS_ENTROPY);

    /** Compares with the first setting. */
    public static RunComparison of(RunSource source, List<String> names) {
        return of(source, names, "");
    }

    /**
     * Compares.
     *
     * @param names runs by id, beginning of an id or name; a sweep's run stands for all finished runs below it, an
     *     experiment's name for all its finished runs that trained a model
     * @param baseline the setting that others are held against: its letter, what tells it from the others, such as
     *     {@code "model.n_experts=2"}, or one of its runs; blank for the first
     * @throws IllegalArgumentException if these are fewer than two runs, or the baseline is none of them
     */
    public static RunComparison of(RunSource source, List<String> names, String baseline) {
        RunSelection selection = RunSelection.of(source, names);
        List<Run> runs = selection.runs();
        if (runs.size() < 2) {
            throw new IllegalArgumentException("RUNS names " + runs.size()
                    + (runs.size() == 1 ? " run" : " runs")
                    + ", allowed: two or more run ids or names, sweeps or experiments, for example RUNS=\"1a2b3c4d"
                    + " 5e6f7a8b\"; `make runs` lists them");
        }
        List<SettingRuns> settings = SettingRuns.group(runs);
        SettingColumns columns = SettingColumns.of(settings);
        Map<String, Map<String, Curve>> curves = curves(source, runs);
        String metric = SCORES.stream()
                .filter(score -> curves.values().stream().allMatch(own -> own.containsKey(score)))
                .findFirst()
                .orElse(SCORES.get(0));
        List<SettingScore> scores = settings.stream()
                .map(setting -> SettingScore.of(setting, metric, curves))
                .toList();
        return new RunComparison(
                        runs, settings, columns, curves, metric, scores, settings.get(0), List.of(), selection.notes())
                .against(baseline);
    }

    /**
     * The same with another baseline.
     *
     * @param text as {@link #of(RunSource, List, String)} takes it
     */
    public RunComparison against(String text) {
        SettingRuns found = new Baseline(settings, columns).find(text);
        List<SettingRuns> comparable = settings.stream()
                .filter(setting -> ComparedTexts.areSame(setting, found))
                .toList();
        return new RunComparison(
                runs,
                settings,
                columns,
                curves,
                metric,
                scores,
                found,
                SettingDifference.of(comparable, found, METRICS, curves),
                leftOut);
    }

    /** How many runs of how many settings, in words. */
    String size() {
        return runs.size() + " runs of " + settings.size() + (settings.size() == 1 ? " setting" : " settings");
    }

    /** What makes losses say nothing about each other, a line each. */
    public List<String> warnings() {
        return ComparedTexts.warnings(settings);
    }

    /** What the reader has to know, such as seeds without a partner; a line each. */
    public List<String> notes() {
        return Stream.concat(leftOut.stream(), new ComparisonNotes(settings, baseline, metric, curves).all().stream())
                .toList();
    }

    private static Map<String, Map<String, Curve>> curves(RunSource source, List<Run> runs) {
        Map<String, Map<String, Curve>> curves = new LinkedHashMap<>();
        for (Run run : runs) {
            Map<String, Curve> own = new LinkedHashMap<>();
            for (String metric : METRICS) {
                List<MetricPoint> points =
                        run.metrics().containsKey(metric) ? source.history(run.runId(), metric) : List.of();
                if (!points.isEmpty()) {
                    own.put(metric, Curve.of(metric, points));
                }
            }
            curves.put(run.runId(), own);
        }
        return curves;
    }

    /**
     * The setting with the least mean score; empty where there is but one, or where scores say nothing about each
     * other.
     */
    public Optional<SettingRuns> best() {
        return settings.size() < 2 || !warnings().isEmpty()
                ? Optional.empty()
                : scores.stream()
                        .filter(score -> Double.isFinite(score.interval().mean()))
                        .min(Comparator.comparing(score -> score.interval().mean()))
                        .map(SettingScore::setting);
    }

    /**
     * All settings if they are no more than {@code most}, else the baseline and those with the least scores, the least
     * first.
     */
    List<SettingScore> foremost(int most) {
        if (scores.size() <= most) {
            return scores;
        }
        Comparator<SettingScore> order =
                Comparator.comparing(score -> score.interval().mean()); // NaN comes last
        List<SettingScore> first = new ArrayList<>(scores.stream()
                .filter(score -> !score.setting().equals(baseline))
                .sorted(order)
                .limit(most - 1L)
                .toList());
        first.add(scores.get(settings.indexOf(baseline)));
        first.sort(order);
        return first;
    }

    /** A setting's difference in the score; empty for the baseline, and where there is no pair. */
    Optional<SettingDifference> difference(SettingRuns setting) {
        return differences.stream()
                .filter(difference -> difference.setting().equals(setting)
                        && difference.metric().equals(metric))
                .findFirst();
    }

    /** Whether {@code run} trained nothing itself but sums up others, its children. */
    public static boolean isSummary(Run run) {
        return run.tags().containsKey(RunInfo.SUMMARY_TAG);
    }
}
