package dev.switchlab.session;

import dev.switchlab.data.Corpus;
import dev.switchlab.experiment.Experiment;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What tells a run from others of its experiment.
 *
 * @param label what was changed in the experiment, such as {@code n_experts=8}; empty if nothing was
 * @param changed whether anything was changed
 */
public record RunTitle(String label, boolean changed) {
    /** Longer labels name what fits and count the rest. */
    private static final int LONGEST = 60;

    private static final Pattern SEED = Pattern.compile(" seed -?\\d+$");

    /**
     * The title of an experiment's runs.
     *
     * @param changes settings that are not as in its file, by dotted key
     */
    public static RunTitle of(Map<String, String> changes) {
        StringBuilder label = new StringBuilder();
        int left = 0;
        boolean changed = false;
        for (Map.Entry<String, String> change : changes.entrySet()) {
            if (change.getKey().equals("seed")) {
                continue; // every name ends with it
            }
            changed = true;
            String value = change.getValue().replaceAll("\\p{Cntrl}", " ");
            String part = change.getKey().substring(change.getKey().lastIndexOf('.') + 1) + "="
                    + (change.getKey().equals("corpus") ? Corpus.shortName(value) : value);
            if (label.length() + 1 + part.length() > LONGEST) {
                left++;
            } else {
                label.append(label.isEmpty() ? "" : " ").append(part);
            }
        }
        return new RunTitle((left == 0 ? label.toString() : label + " +" + left).strip(), changed);
    }

    /** The title of a run that repeats one of this name. */
    static RunTitle again(Experiment experiment, String name) {
        String label = SEED.matcher(" " + name).replaceFirst("").strip();
        if (label.equals(experiment.id()) || label.startsWith(experiment.id() + " ")) { // as older runs are called
            label = label.substring(experiment.id().length()).strip();
        }
        return new RunTitle(label, !label.isEmpty());
    }

    /** The run's name. */
    public String name(long seed) {
        return named("seed " + seed);
    }

    /** Such as {@code n_experts=8 seeds 1..3}. */
    String named(String seeds) {
        return (label + " " + seeds).strip();
    }

    /**
     * What the run's description says: what to expect only of the experiment as it is, on its own text.
     *
     * @param fallback whether the text is another one
     */
    String description(Experiment experiment, boolean fallback) {
        return changed || fallback || experiment.expect().isEmpty()
                ? experiment.about()
                : experiment.about() + "\n\nExpect: " + experiment.expect();
    }
}
