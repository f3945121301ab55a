package dev.switchlab.sweep;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One run of a sweep.
 *
 * @param number from 1, in the order in which children are started
 * @param source id or path that the experiment was read from
 * @param experiment resolved, with everything that is changed in it, seed included
 * @param variant what people call its setting where the sweep has named variants, such as {@code "dense, twice as
 *     wide"}; empty elsewhere
 * @param common what is changed in the experiment in all children, as it was written
 * @param overrides what is changed in the children of this setting, as it was written
 */
public record Child(
        int number,
        String source,
        Experiment experiment,
        String variant,
        Map<String, String> common,
        Map<String, String> overrides) {

    /** Copies the maps, which keep their order. */
    public Child {
        common = Collections.unmodifiableMap(new LinkedHashMap<>(common));
        overrides = Collections.unmodifiableMap(new LinkedHashMap<>(overrides));
    }

    /** The root seed. */
    public long seed() {
        return experiment.seed();
    }

    /**
     * The setting in canonical text, such as {@code "model.n_experts=2 train.z_loss=0"}; empty where nothing is swept.
     */
    public String setting() {
        return ExperimentLoader.text(overrides);
    }

    /**
     * What children of one setting, which differ in their seed alone, have in common: the experiment's id and the
     * setting.
     */
    public String row() {
        return (experiment.id() + " " + setting()).strip();
    }

    /**
     * Everything that is not as in the experiment's file but the seed: first what is swept, so that names, which are
     * short, tell it.
     */
    public Map<String, String> changes() {
        Map<String, String> changes = new LinkedHashMap<>(overrides);
        changes.putAll(common);
        return changes;
    }
}
