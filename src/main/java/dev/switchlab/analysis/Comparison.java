package dev.switchlab.analysis;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * Settings side by side: their scores, and their differences to a baseline. Reports, tables, the lab and the results of
 * the paper's questions are views of a comparison.
 *
 * @param source where histories and artifacts of the runs are
 * @param settings each with at least one run, lettered in this order
 * @param columns the parameters in which the settings differ
 * @param metric the score, in nats per character: lower is better
 * @param baseline the setting that others are compared with; empty if that one has no run
 * @param contrasts how settings differ from their baselines
 * @param leftOut requested runs that are not part of the comparison, in words
 */
public record Comparison(
        RunSource source,
        List<Setting> settings,
        SettingColumns columns,
        String metric,
        Optional<Setting> baseline,
        Contrasts contrasts,
        List<String> leftOut) {

    /** The score of a finished run: cross-entropy on the whole validation split. */
    public static final String FINAL_SCORE = MetricNames.FINAL + MetricNames.CROSS_ENTROPY;

    /** What pages call a metric. */
    static String words(String metric) {
        return WORDS.getOrDefault(metric, metric);
    }

    /**
     * The training loss of a run, for people: the mean cross-entropy of the last steps of a finished run, until then
     * that of the last step; NaN before the first.
     */
    public static double trainingLoss(Run run) {
        return run.metrics()
                .getOrDefault(MetricNames.FINAL_TRAIN_CROSS_ENTROPY, run.metric(MetricNames.TRAIN_CROSS_ENTROPY));
    }

    /** The metrics that are compared. */
    public static final List<String> METRICS = List.of(
            MetricNames.TRAIN_CROSS_ENTROPY,
            MetricNames.VALID + MetricNames.CROSS_ENTROPY,
            MetricNames.VALID + MetricNames.BITS_PER_CHAR,
            MetricNames.VALID + MetricNames.ACCURACY,
            FINAL_SCORE,
            MetricNames.FINAL + MetricNames.ACCURACY,
            MetricNames.TRAIN_TOKENS_PER_SECOND);

    /** What pages call metrics; "on a sample" is of the validation split. */
    private static final Map<String, String> WORDS = Map.of(
            MetricNames.TRAIN_CROSS_ENTROPY,
            "training loss of the last step",
            MetricNames.VALID + MetricNames.CROSS_ENTROPY,
            "validation loss on a sample",
            MetricNames.VALID + MetricNames.BITS_PER_CHAR,
            "bits per character on a sample",
            MetricNames.VALID + MetricNames.ACCURACY,
            "share right on a sample",
            FINAL_SCORE,
            "validation loss",
            MetricNames.FINAL + MetricNames.ACCURACY,
            "share right",
            MetricNames.TRAIN_TOKENS_PER_SECOND,
            "tokens per second");

    /** The score is the first of these that all runs have. */
    private static final List<String> SCORES =
            List.of(FINAL_SCORE, MetricNames.VALID + MetricNames.CROSS_ENTROPY, MetricNames.TRAIN_CROSS_ENTROPY);

    private static final int MOST_NAMED = 5;

    /** Share of the text that is trained on; models are scored on the rest. */
    private static final String SPLIT = "train_fraction";

    /** Facts that affect times. */
    private static final List<String> MACHINE = List.of("cpu", "gpu", "device", "threads", "ranks");

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
        return new Comparison(
                        source,
                        settings,
                        columns,
                        metric,
                        Optional.empty(),
                        contrasts(settings, setting -> Optional.empty(), Double.NaN),
                        selection.notes())
                .against(baseline);
    }

    /**
     * Compares finished runs whose settings are known.
     *
     * @param settings each with a name of its own
     * @param baseline name of the setting that others are compared with
     * @param against name of another baseline, by the name of the setting that is compared with it
     * @param margin a difference of the score below which settings are equivalent; NaN without one
     */
    public static Comparison of(
            RunSource source, List<Setting> settings, String baseline, Map<String, String> against, double margin) {
        Map<String, Setting> byName = new HashMap<>();
        settings.forEach(setting -> byName.put(setting.name(), setting));
        return new Comparison(
                source,
                settings,
                SettingColumns.of(settings),
                FINAL_SCORE,
                Optional.ofNullable(byName.get(baseline)),
                contrasts(
                        settings,
                        setting -> Optional.ofNullable(byName.get(against.getOrDefault(setting.name(), baseline))),
                        margin),
                List.of());
    }

    /** The comparison with another baseline, named as in {@link #of(RunSource, List, String)}. */
    public Comparison against(String text) {
        Setting found = new Baseline(settings, columns).find(text);
        return with(Optional.of(found), contrasts(settings, setting -> Optional.of(found), Double.NaN));
    }

    /**
     * This comparison as a part of a page.
     *
     * @param level of significance by all comparisons of the page: {@link Difference#level}
     */
    public Comparison at(double level) {
        return with(baseline, contrasts.at(level));
    }

    private Comparison with(Optional<Setting> other, Contrasts others) {
        return new Comparison(source, settings, columns, metric, other, others, leftOut);
    }

    private static Contrasts contrasts(
            List<Setting> settings, Function<Setting, Optional<Setting>> baseline, double margin) {
        Map<String, Setting> baselines = new HashMap<>();
        for (Setting setting : settings) {
            baseline.apply(setting)
                    .filter(other -> !other.letter().equals(setting.letter()) && areOfOneText(setting, other))
                    .ifPresent(other -> baselines.put(setting.letter(), other));
        }
        return new Contrasts(settings, Map.copyOf(baselines), margin, Double.NaN);
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
        return contrasts.of(setting, of);
    }

    /** p values of all differences of the score. */
    public DoubleStream pValues() {
        return contrasts.pValues(metric);
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

    /** Why losses are not comparable, a line for each reason. */
    public List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        if (values(Comparison::text).size() > 1) {
            warnings.add("the runs are of different texts ("
                    + words(values(setting -> setting.text().orElse("unknown")))
                    + "): their losses say nothing about each other");
        }
        Map<String, List<Setting>> splits = values(Comparison::split);
        if (splits.size() > 1) {
            warnings.add("the runs are scored on different parts of the text (" + SPLIT + " " + words(splits)
                    + "): their losses say little about each other");
        }
        Map<String, List<Setting>> tokenizers = values(Comparison::tokenizer);
        if (tokenizers.size() > 1) {
            warnings.add("the runs have different tokenizers (" + words(tokenizers) + "): compare " + MetricNames.FINAL
                    + MetricNames.BITS_PER_BYTE + ", not losses per token");
        }
        return warnings;
    }

    /** What losses are: nats per character, byte or token. */
    String unit() {
        List<String> units = values(setting -> Experiment.unit(tokenizer(setting))).keySet().stream()
                .toList();
        return "nats per " + (units.size() == 1 ? units.get(0) : "token");
    }

    private static String tokenizer(Setting setting) {
        return setting.params().getOrDefault("tokenizer", "characters");
    }

    /** Whether the losses of two settings are comparable. */
    static boolean areOfOneText(Setting one, Setting other) {
        return textAndSplit(one).equals(textAndSplit(other));
    }

    static String textAndSplit(Setting setting) {
        return text(setting) + " " + split(setting) + " " + tokenizer(setting);
    }

    private static String text(Setting setting) {
        return setting.params().getOrDefault(Setting.TEXT_DIGEST, setting.text().orElse(""));
    }

    /** Such as {@code 0.9}, or {@code 0.9 held_out} for another part of the text than the rest. */
    private static String split(Setting setting) {
        String share = setting.params().getOrDefault(SPLIT, "");
        String validation = setting.params().getOrDefault("validation", "rest");
        return validation.equals("rest") ? share : share + " " + validation;
    }

    private Map<String, List<Setting>> values(Function<Setting, String> value) {
        return settings.stream().collect(Collectors.groupingBy(value, LinkedHashMap::new, Collectors.toList()));
    }

    private static String words(Map<String, List<Setting>> values) {
        return values.entrySet().stream()
                .map(value -> value.getKey() + ": " + letters(value.getValue()))
                .collect(Collectors.joining("; "));
    }

    /** What a reader has to know, such as seeds without a partner, a line for each kind. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>(leftOut);
        if (settings.size() == 1) {
            notes.add("all runs have one setting, so there is nothing to pair");
        }
        baseline.ifPresent(other -> fewSeeds(other, notes));
        repeatedSeeds(notes);
        scores(notes);
        String machines = MACHINE.stream()
                .filter(fact ->
                        runs().stream().map(run -> run.fact(fact)).distinct().count() > 1)
                .collect(Collectors.joining(", "));
        if (!machines.isEmpty()) {
            notes.add("runs differ in " + machines + ": their times do not compare");
        }
        return notes;
    }

    private void fewSeeds(Setting baseline, List<String> notes) {
        NavigableMap<Integer, List<Setting>> byPairs = having(setting -> !isBaseline(setting)).stream()
                .collect(Collectors.groupingBy(
                        setting -> setting.commonSeeds(baseline).size(), TreeMap::new, Collectors.toList()));
        byPairs.headMap(2)
                .forEach((pairs, few) -> notes.add(letters(few) + (few.size() == 1 ? " has " : " have ")
                        + (pairs == 0 ? "no seed" : "one seed") + " in common with " + baseline.letter()
                        + "; an interval needs two, for example SEEDS=1..2 of both"));
    }

    private void repeatedSeeds(List<String> notes) {
        List<Setting> repeated = having(setting -> repetitions(setting) > 0);
        if (!repeated.isEmpty()) {
            int others = repeated.stream().mapToInt(Comparison::repetitions).sum();
            notes.add(letters(repeated) + (repeated.size() == 1 ? " has" : " have")
                    + " a seed more than once: the first finished run of each counts, " + others
                    + (others == 1 ? " other does not" : " others do not"));
        }
    }

    private static int repetitions(Setting setting) {
        return setting.runs().size() - setting.bySeed().size();
    }

    private void scores(List<String> notes) {
        List<Setting> without = having(
                setting -> setting.values(metric).length < setting.bySeed().size());
        if (!without.isEmpty()) {
            notes.add("not all runs of " + letters(without) + " have " + metric + ": those without do not count");
        }
        List<Setting> lost =
                having(setting -> DoubleStream.of(setting.values(metric)).anyMatch(value -> !Double.isFinite(value)));
        if (!lost.isEmpty()) {
            notes.add("a run of " + letters(lost) + " ended with a loss that is no number: so is the mean");
        }
    }

    private List<Setting> having(Predicate<Setting> condition) {
        return settings.stream().filter(condition).toList();
    }

    /** Such as {@code A, B, C}; of many the first few and the number of the rest. */
    static String letters(List<Setting> settings) {
        String first = settings.stream().limit(MOST_NAMED).map(Setting::letter).collect(Collectors.joining(", "));
        return settings.size() <= MOST_NAMED ? first : first + " and " + (settings.size() - MOST_NAMED) + " more";
    }
}
