package dev.switchlab.session;

import dev.switchlab.experiment.Experiment;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What tells a run from others of its experiment.
 *
 * @param label the experiment and what was changed in it, such as {@code smoke n_experts=8}
 * @param changed whether anything was changed
 */
public record RunTitle(String label, boolean changed) {
    /** Longer labels name what fits and count the rest. */
    private static final int LONGEST = 60;

    private static final Pattern SEED = Pattern.compile(" seed -?\\d+$");

    /**
     * The title of an experiment.
     *
     * @param changes settings that are not as in its file, by dotted key
     */
    public static RunTitle of(Experiment experiment, Map<String, String> changes) {
        StringBuilder label = new StringBuilder(experiment.id());
        int left = 0;
        boolean changed = false;
        for (Map.Entry<String, String> change : changes.entrySet()) {
            if (change.getKey().equals("seed")) {
                continue; // every name ends with it
            }
            changed = true;
            String part = " " + change.getKey().substring(change.getKey().lastIndexOf('.') + 1) + "="
                    + change.getValue().replaceAll("\\p{Cntrl}", " ");
            if (label.length() + part.length() > LONGEST) {
                left++;
            } else {
                label.append(part);
            }
        }
        return new RunTitle(left == 0 ? label.toString() : label + " +" + left, changed);
    }

    /** The title of a run that repeats one of this name. */
    static RunTitle again(Experiment experiment, String name) {
        String label = SEED.matcher(name).replaceFirst("");
        return new RunTitle(label, !label.equals(experiment.id()));
    }

    /** The run's name. */
    String name(long seed) {
        return label + " seed " + seed;
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
