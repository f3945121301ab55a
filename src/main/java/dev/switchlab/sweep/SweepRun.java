package dev.switchlab.sweep;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Sha256;
import dev.switchlab.session.RunTitle;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One run of a sweep.
 *
 * @param number from 1, in the order in which runs are started
 * @param source id or path of the experiment
 * @param experiment resolved, with all changes, seed included
 * @param variant name of the setting in a sweep with named variants, such as {@code "dense, twice as wide"}; else empty
 * @param common changes of the experiment in all runs, as written
 * @param overrides changes of the experiment in the runs of this setting, as written
 */
public record SweepRun(
        int number,
        String source,
        Experiment experiment,
        String variant,
        Map<String, String> common,
        Map<String, String> overrides) {

    /** Copies the maps, which keep their order. */
    public SweepRun {
        common = Collections.unmodifiableMap(new LinkedHashMap<>(common));
        overrides = Collections.unmodifiableMap(new LinkedHashMap<>(overrides));
    }

    /** This run with the prompt that its text can continue. */
    SweepRun withPrompt(String prompt) {
        return new SweepRun(number, source, experiment.withPrompt(prompt), variant, common, overrides);
    }

    /** The root seed. */
    public long seed() {
        return experiment.seed();
    }

    /** The setting as text, such as {@code "model.n_experts=2 train.z_loss=0"}; empty if nothing is swept. */
    public String setting() {
        return ExperimentLoader.text(overrides);
    }

    /** Experiment id and setting: what runs have in common that differ only in their seed. */
    public String row() {
        return (experiment.id() + " " + setting()).strip();
    }

    /** All changes of the experiment but the seed, the swept ones first because short names show only the first. */
    public Map<String, String> changes() {
        Map<String, String> changes = new LinkedHashMap<>(overrides);
        changes.putAll(common);
        return changes;
    }

    /** Name of the run without its seed. */
    RunTitle title() {
        return RunTitle.of(changes());
    }

    /**
     * Id of the run in the book. It is derived from the sweep's, so that no call makes a run twice.
     *
     * @param parentRunId of the sweep
     */
    public String runId(String parentRunId) {
        return derivedId(parentRunId, "child " + row() + " seed " + seed());
    }

    /** Id of the summary run of this run's setting, in a sweep of several settings. */
    String settingRunId(String parentRunId) {
        return derivedId(parentRunId, "setting " + row());
    }

    private static String derivedId(String parentRunId, String what) {
        return Sha256.of(parentRunId + " " + what).substring(0, 32);
    }
}
