package dev.switchlab.analysis;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Settings side by side: their scores, and their paired differences to a baseline. Reports, tables, the lab and the
 * results of the paper's questions are views of a comparison.
 *
 * @param source where histories and artifacts of the runs are
 * @param settings each with at least one run, lettered in this order
 * @param columns the parameters in which the settings differ
 * @param metric the score, in nats per character: lower is better
 * @param baseline the setting that others are compared with; empty if that one has no run
 * @param baselines the setting that each is compared with, by the setting's letter; without those that are compared
 *     with none
 * @param leftOut requested runs that are not part of the comparison, in words
 */
public record Comparison(
        RunSource source,
        List<Setting> settings,
        SettingColumns columns,
        String metric,
        Optional<Setting> baseline,
        Map<String, Setting> baselines,
        List<String> leftOut) {

    /** The score of a finished run: cross-entropy on the whole validation split. */
    public static final String FINAL_SCORE = MetricNames.FINAL + MetricNames.CROSS_ENTROPY;

    /** The metrics that are compared. */
    public static final List<String> METRICS = List.of(
            MetricNames.TRAIN_CROSS_ENTROPY,
            MetricNames.VALID + MetricNames.CROSS_ENTROPY,
            MetricNames.VALID + MetricNames.BITS_PER_CHAR,
            MetricNames.VALID + MetricNames.ACCURACY,
            FINAL_SCORE,
            MetricNames.FINAL + MetricNames.ACCURACY,
            MetricNames.TRAIN_TOKENS_PER_SECOND);

    /** The score is the first of these that all runs have. */
    private static final List<String> SCORES =
            List.of(FINAL_SCORE, MetricNames.VALID + MetricNames.CROSS_ENTROPY, MetricNames.TRAIN_CROSS_ENTROPY);

    /**
     * Compares runs of a book, grouped into settings by their parameters.
     *
     * @param names runs by id, beginning of an id, or name; a sweep stands for its finished runs, an experiment for its
     *     finished runs that trained a model
     * @param baseline the setting that others are compared with: its letter, its parameters, such as
     *     {@code "model.n_experts=2"}, or one of its runs; blank for the first setting
     * @throws IllegalArgumentException for fewer than two runs, or a baseline that is none of the settings
     */
    public static Comparison of(RunSource source, List<String> names, String baseline) {
        RunSelection selection = RunSelection.of(source, names);
        List<Run> runs = selection.runs();
        if (runs.size() < 2) {
            throw new IllegalArgumentException("RUNS names " + runs.size()
                    + (runs.size() == 1 ? " run" : " runs")
                    + ", allowed: two or more run ids or names, sweeps or experiments, for example RUNS=\"1a2b3c4d"
                    + " 5e6f7a8b\"; `make runs` lists them");
        }
        List<Setting> unnamed = Setting.group(runs);
        SettingColumns columns = SettingColumns.of(unnamed);
        List<Setting> settings = unnamed.stream()
                .map(setting -> setting.named(columns.name(setting)))
                .toList();
        String metric = SCORES.stream()
                .filter(score -> runs.stream().allMatch(run -> run.metrics().containsKey(score)))
                .findFirst()
                .orElse(FINAL_SCORE);
        return new Comparison(source, settings, columns, metric, Optional.empty(), Map.of(), selection.notes())
                .against(baseline);
    }

    /**
     * Compares finished runs whose settings are known.
     *
     * @param settings each with a name of its own
     * @param baseline name of the setting that others are compared with
     * @param against name of another baseline, by the name of the setting that is compared with it
     */
    public static Comparison of(
            RunSource source, List<Setting> settings, String baseline, Map<String, String> against) {
        Map<String, Setting> byName = new HashMap<>();
        settings.forEach(setting -> byName.put(setting.name(), setting));
        return new Comparison(
                source,
                settings,
                SettingColumns.of(settings),
                FINAL_SCORE,
                Optional.ofNullable(byName.get(baseline)),
                baselines(
                        settings,
                        setting -> Optional.ofNullable(byName.get(against.getOrDefault(setting.name(), baseline)))),
                List.of());
    }

    /** The comparison with another baseline, named as in {@link #of(RunSource, List, String)}. */
    public Comparison against(String text) {
        Setting found = new Baseline(settings, columns).find(text);
        return new Comparison(
                source,
                settings,
                columns,
                metric,
                Optional.of(found),
                baselines(settings, setting -> Optional.of(found)),
                leftOut);
    }

    private static Map<String, Setting> baselines(
            List<Setting> settings, Function<Setting, Optional<Setting>> baseline) {
        Map<String, Setting> baselines = new HashMap<>();
        for (Setting setting : settings) {
            baseline.apply(setting)
                    .filter(other ->
                            !other.letter().equals(setting.letter()) && ComparisonNotes.areOfOneText(setting, other))
                    .ifPresent(other -> baselines.put(setting.letter(), other));
        }
        return Map.copyOf(baselines);
    }

    /** All runs, setting by setting. */
    public List<Run> runs() {
        return settings.stream().flatMap(setting -> setting.runs().stream()).toList();
    }

    /** Mean of the score over seeds. */
    public MeanInterval score(Setting setting) {
        return setting.mean(metric);
    }

    /** Difference of the score to the setting's baseline; empty for a setting without one. */
    public Optional<Difference> difference(Setting setting) {
        return difference(setting, metric);
    }

    private Optional<Difference> difference(Setting setting, String of) {
        return Optional.ofNullable(baselines.get(setting.letter())).map(other -> Difference.of(setting, other, of));
    }

    /** Differences with at least one pair: setting by setting, in every metric. */
    public List<Difference> differences() {
        return settings.stream()
                .flatMap(setting -> METRICS.stream().flatMap(of -> difference(setting, of).stream()))
                .filter(difference -> difference.interval().n() > 0)
                .toList();
    }

    /** The setting with the least mean score; empty for a single setting, or if scores are not comparable. */
    public Optional<Setting> best() {
        return settings.size() < 2 || !warnings().isEmpty()
                ? Optional.empty()
                : settings.stream()
                        .filter(setting -> Double.isFinite(score(setting).mean()))
                        .min(Comparator.comparing(setting -> score(setting).mean()));
    }

    boolean isBaseline(Setting setting) {
        return baseline.filter(setting::equals).isPresent();
    }

    /**
     * All settings if there are at most {@code most}, or else the baseline and those with the least scores, in order.
     */
    List<Setting> foremost(int most) {
        if (settings.size() <= most) {
            return settings;
        }
        Comparator<Setting> order =
                Comparator.comparing(setting -> score(setting).mean()); // NaN last
        List<Setting> first = new ArrayList<>(settings.stream()
                .filter(setting -> !isBaseline(setting))
                .sorted(order)
                .limit(most - 1L)
                .toList());
        baseline.ifPresent(first::add);
        first.sort(order);
        return first;
    }

    /** The history of a metric; empty if the run has no such metric. */
    List<MetricPoint> history(Run run, String of) {
        return run.metrics().containsKey(of) ? source.history(run.runId(), of) : List.of();
    }

    /** Mean over seeds of the median speed of a run's steps; NaN if no run logged its speed. */
    public double tokensPerSecond(Setting setting) {
        return setting.bySeed().values().stream()
                .map(run -> history(run, MetricNames.TRAIN_TOKENS_PER_SECOND))
                .filter(points -> !points.isEmpty())
                .mapToDouble(points -> Setting.percentile(points.stream().mapToDouble(MetricPoint::value), 50))
                .average()
                .orElse(Double.NaN);
    }

    String size() {
        return runs().size() + " runs of " + settings.size() + (settings.size() == 1 ? " setting" : " settings");
    }

    /** Why losses are not comparable, a line each. */
    public List<String> warnings() {
        return new ComparisonNotes(this).warnings();
    }

    /** What a reader has to know, such as seeds without a partner, a line each. */
    public List<String> notes() {
        return new ComparisonNotes(this).notes();
    }
}
