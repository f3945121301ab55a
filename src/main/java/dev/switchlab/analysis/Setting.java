package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * Runs that differ in nothing but the seed and what changes rounding and speed at most.
 *
 * @param letter A, B, ..., unique among the settings of a comparison
 * @param name what distinguishes the setting, such as {@code "n_experts=2 z_loss=0"} or the name of a variant
 * @param experiment the MLflow experiment
 * @param params the parameters that define the setting, by name
 * @param runs at least one, in the order given
 */
public record Setting(String letter, String name, String experiment, Map<String, String> params, List<Run> runs) {

    static final String SEED = "seed";
    static final String RANKS = "ranks";
    static final String TEXT_DIGEST = "corpus.sha256";
    static final String TEXT_NAME = "corpus.name";

    /** Parameters that change rounding and speed at most. */
    private static final Set<String> NOT_A_SETTING = Set.of(SEED, "device", "threads");

    /** Parameters that are redundant once the digest of the text is known. */
    private static final Set<String> OF_THE_TEXT =
            Set.of(TEXT_NAME, "corpus", "fallback_corpus", "corpus.unigram_entropy");

    /**
     * A setting whose runs are known.
     *
     * @param index position in the comparison, from 0
     */
    public static Setting of(int index, String name, List<Run> runs) {
        Run first = runs.get(0);
        return new Setting(letter(index), name, first.experiment(), identity(first.params()), List.copyOf(runs));
    }

    /** Groups runs into settings, in order of appearance. */
    static List<Setting> group(List<Run> runs) {
        Map<List<?>, List<Run>> groups = runs.stream()
                .collect(Collectors.groupingBy(
                        run -> List.of(run.experiment(), identity(run.params())),
                        LinkedHashMap::new,
                        Collectors.toList()));
        List<Setting> settings = new ArrayList<>();
        groups.values().forEach(group -> settings.add(of(settings.size(), "", group)));
        return settings;
    }

    /** The parameters that distinguish the setting of a run, by name. */
    private static Map<String, String> identity(Map<String, String> params) {
        Map<String, String> identity = new TreeMap<>(params);
        identity.keySet().removeAll(NOT_A_SETTING);
        if (!"rank".equals(identity.get("model.capacity_scope"))) {
            identity.remove(RANKS); // else each rank has an expert capacity of its own
        }
        if (identity.containsKey(TEXT_DIGEST)) {
            identity.keySet().removeAll(OF_THE_TEXT);
        }
        return Collections.unmodifiableMap(identity);
    }

    private static String letter(int index) {
        return index < 26 ? Character.toString('A' + index) : "S" + (index + 1);
    }

    Setting named(String other) {
        return new Setting(letter, other, experiment, params, runs);
    }

    /** Such as {@code A n_experts=2 z_loss=0}. */
    public String label() {
        return (letter + " " + name).strip();
    }

    /**
     * One run for each seed. Statistics are taken over these: a repetition of a seed is no new evidence. Of several
     * runs with one seed the first counts, or the first finished one.
     */
    public Map<String, Run> bySeed() {
        Map<String, Run> bySeed = new LinkedHashMap<>();
        for (Run run : runs) {
            bySeed.merge(
                    run.params().getOrDefault(SEED, ""),
                    run,
                    (first, next) -> !first.isFinished() && next.isFinished() ? next : first);
        }
        return bySeed;
    }

    /** The final value of a metric for each seed whose run has the metric. */
    public double[] values(String metric) {
        return bySeed().values().stream()
                .filter(run -> run.metrics().containsKey(metric))
                .mapToDouble(run -> run.metrics().get(metric))
                .toArray();
    }

    /** Mean over the seeds whose runs have the metric. */
    public MeanInterval mean(String metric) {
        return MeanInterval.of(values(metric));
    }

    /** Mean over all seeds; NaN if the measure of one run is NaN. */
    public MeanInterval mean(ToDoubleFunction<Run> measure) {
        return MeanInterval.of(bySeed().values().stream().mapToDouble(measure).toArray());
    }

    /** Median over the seeds for which a measure is finite; NaN if there is none. */
    public double median(ToDoubleFunction<Run> measure) {
        return percentile(bySeed().values().stream().mapToDouble(measure).filter(Double::isFinite), 50);
    }

    /**
     * A value that at least {@code percent} % of the values do not exceed; NaN of no values. Always one of the values:
     * of an even number, the median is the greater of the two in the middle.
     */
    public static double percentile(DoubleStream values, int percent) {
        double[] sorted = values.sorted().toArray();
        return sorted.length == 0 ? Double.NaN : sorted[sorted.length * percent / 100];
    }

    /** Median of the seconds from start to end: robust against a run that was paused. NaN if no run has ended. */
    public double seconds() {
        return median(Run::seconds);
    }

    /** The run with the least finite value of a metric. */
    public Optional<Run> best(String metric) {
        return bySeed().values().stream()
                .filter(run -> Double.isFinite(run.metric(metric)))
                .min(Comparator.comparing(run -> run.metric(metric)));
    }

    /** The name of the training text, or else its digest; empty if unknown. */
    Optional<String> text() {
        Map<String, String> first = runs.get(0).params();
        return Optional.ofNullable(first.getOrDefault(TEXT_NAME, first.get(TEXT_DIGEST)));
    }

    /** The seeds for which both settings have a run, in the order of this setting. */
    List<String> commonSeeds(Setting other) {
        Map<String, Run> others = other.bySeed();
        return bySeed().keySet().stream().filter(others::containsKey).toList();
    }
}
