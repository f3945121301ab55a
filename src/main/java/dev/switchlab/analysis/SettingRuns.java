package dev.switchlab.analysis;

import dev.switchlab.experiment.LaterSettings;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Runs of one setting: of one experiment, with parameters that differ in nothing but the seed, and what changes
 * rounding and speed at most.
 *
 * @param letter A, B, ...
 * @param experiment the MLflow experiment
 * @param params what makes it another setting than others, by name
 * @param runs at least one, in the order given
 */
public record SettingRuns(String letter, String experiment, Map<String, String> params, List<Run> runs) {

    /** The parameter that the runs of a setting may differ in. */
    static final String SEED = "seed";

    /** What text a run was trained on. */
    static final String TEXT_DIGEST = "corpus.sha256";

    static final String TEXT_NAME = "corpus.name";

    /** What does not make another setting: it changes rounding and speed at most. */
    private static final Set<String> NOT_A_SETTING = Set.of(SEED, "device", "threads");

    /** Nor does this, unless each rank has an expert capacity of its own. */
    static final String RANKS = "ranks";

    /** What says nothing new of a text whose digest is known. */
    private static final Set<String> OF_THE_TEXT =
            Set.of(TEXT_NAME, "corpus", "fallback_corpus", "corpus.unigram_entropy");

    /** Sorts runs into settings, in order of appearance. */
    static List<SettingRuns> group(List<Run> runs) {
        Map<List<?>, SettingRuns> settings = new LinkedHashMap<>();
        for (Run run : runs) {
            Map<String, String> params = new TreeMap<>(LaterSettings.complete(run.params()));
            params.keySet().removeAll(NOT_A_SETTING);
            if (!"rank".equals(params.get("model.capacity_scope"))) {
                params.remove(RANKS);
            }
            if (params.containsKey(TEXT_DIGEST)) {
                params.keySet().removeAll(OF_THE_TEXT);
            }
            settings.computeIfAbsent(
                            List.of(run.experiment(), params),
                            key -> new SettingRuns(
                                    letter(settings.size()),
                                    run.experiment(),
                                    Collections.unmodifiableMap(params),
                                    new ArrayList<>()))
                    .runs
                    .add(run);
        }
        return List.copyOf(settings.values());
    }

    private static String letter(int index) {
        return index < 26 ? Character.toString('A' + index) : "S" + (index + 1);
    }

    /**
     * One run for each seed, which is what statistics are of: the same seed again is no new evidence. Of several the
     * first counts, but where it has no end, the first that has one.
     */
    public Map<String, Run> bySeed() {
        Map<String, Run> bySeed = new LinkedHashMap<>();
        for (Run run : runs) {
            bySeed.merge(
                    run.params().getOrDefault(SEED, ""),
                    run,
                    (first, next) -> !isFinished(first) && isFinished(next) ? next : first);
        }
        return bySeed;
    }

    /** The text that it was trained on, for people; empty if that is not known. */
    Optional<String> text() {
        Map<String, String> params = runs.get(0).params();
        return Optional.ofNullable(params.getOrDefault(TEXT_NAME, params.get(TEXT_DIGEST)));
    }

    static boolean isFinished(Run run) {
        return run.status().equals("FINISHED");
    }
}
