package dev.switchlab.runs;

import dev.switchlab.runs.db.TextsTable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The description of a run at its start. Names and keys are checked here, so that a run fails before its first step.
 *
 * @param experimentName the MLflow experiment; created if absent
 * @param about purpose of the experiment, in Markdown; becomes its description
 * @param runName shown in the list of runs
 * @param description of the run, in Markdown
 * @param command that reproduces the run; shown below the description
 * @param sourceName the source of the run, such as {@code experiments/tiny-shakespeare.yaml}
 * @param gitCommit the commit, if known
 * @param user who ran it
 * @param params settings; values beyond MLflow's limit are also stored as artifacts
 * @param tags for searching; {@value #PARENT_TAG} makes the run a child of another
 * @param dataset the training data
 */
public record RunInfo(
        String experimentName,
        String about,
        String runName,
        String description,
        String command,
        String sourceName,
        Optional<String> gitCommit,
        String user,
        Map<String, String> params,
        Map<String, String> tags,
        Optional<Dataset> dataset) {

    /** The tag with the id of the parent run; MLflow's UI nests runs by it. */
    public static final String PARENT_TAG = "mlflow.parentRunId";

    /** The tag of a run that trained no model but summarizes its children: their number. */
    public static final String SUMMARY_TAG = "switchlab.seeds";

    /** The tag of all runs of a sweep: the digest of the sweep's definition, 16 hexadecimal digits. */
    public static final String SWEEP_TAG = "switchlab.sweep";

    /**
     * The tag of the children of a sweep and of the run that summarizes one setting: the overrides, such as
     * {@code "model.n_experts=2 train.z_loss=0"}; empty without overrides.
     */
    public static final String SETTING_TAG = "switchlab.setting";

    /** The tag of a sweep's parent that identifies the call, so that a repeated call continues the sweep. */
    public static final String CALL_TAG = "switchlab.sweep_call";

    /** Another name of the run, by which other runs may name it. */
    public static final String ALIAS_TAG = "switchlab.alias";

    /** The tag of a child of a sweep whose last attempt failed: the reason in one line; empty after a restart. */
    public static final String FAILURE_TAG = "switchlab.failure";

    /**
     * The tag of the run that summarizes a setting: ids, separated by blanks, of runs of other sweeps that count as its
     * children.
     */
    public static final String REUSED_TAG = "switchlab.reused";

    /** The tag of a run that was resumed: whole seconds in which nothing was trained, between its parts. */
    public static final String PAUSED_TAG = "switchlab.paused_seconds";

    /** MLflow's tag for a description, of runs and of experiments. */
    public static final String NOTE_TAG = "mlflow.note.content";

    private static final int MAX_NAME = 250;

    /** Checks names and keys against MLflow's rules. */
    public RunInfo {
        requireName("experiment name", experimentName, "tiny-shakespeare");
        requireName("run name", runName, "tiny-shakespeare seed 1");
        Objects.requireNonNull(gitCommit, "gitCommit");
        Objects.requireNonNull(dataset, "dataset");
        params = Map.copyOf(params);
        tags = Map.copyOf(tags);
        params.keySet().forEach(key -> Keys.check("param", key));
        tags.keySet().forEach(key -> Keys.check("tag", key));
    }

    /** This run under another name. */
    public RunInfo named(String name) {
        return new RunInfo(
                experimentName, about, name, description, command, sourceName, gitCommit, user, params, tags, dataset);
    }

    private static void requireName(String what, String name, String example) {
        if (name.isBlank() || name.length() > MAX_NAME || name.chars().anyMatch(Character::isISOControl)) {
            throw new BookException(what + " '" + name + "': allowed are 1 to " + MAX_NAME
                    + " characters, without control characters, e.g. " + example);
        }
    }

    /** All tags, first those that MLflow's UI shows: name, user, description, source, commit. */
    Map<String, String> allTags() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put(TextsTable.RUN_NAME, runName);
        all.put("mlflow.user", user);
        all.put(NOTE_TAG, description + "\n\nReproduce it:\n\n```sh\n" + command + "\n```\n");
        all.put("mlflow.source.name", sourceName);
        all.put("mlflow.source.type", "LOCAL");
        gitCommit.ifPresent(commit -> all.put("mlflow.source.git.commit", commit));
        all.putAll(tags);
        return all;
    }
}
