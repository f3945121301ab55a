package dev.switchlab.runs;

import dev.switchlab.runs.db.TextsTable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The description of a run at its start. Names and keys are checked here, so that a run fails before its first step.
 *
 * @param experimentName the MLflow experiment; made when absent
 * @param about what the experiment is for, in Markdown; becomes the experiment's description
 * @param runName shown in the list of runs
 * @param description of the run, in Markdown
 * @param command reproduces the run; shown under the description
 * @param sourceName what ran, such as {@code experiments/tiny-shakespeare.yaml}
 * @param gitCommit the commit that ran, if it is known
 * @param user who ran it
 * @param params settings; values longer than MLflow takes are kept whole as artifacts
 * @param tags for searching; {@value #PARENT_TAG} makes it a child of another run
 * @param dataset what it trains on
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

    /** The tag with the id of the parent run, which MLflow's UI lists this one under. */
    public static final String PARENT_TAG = "mlflow.parentRunId";

    /** The tag of a run that trained nothing itself but sums up others, its children; how many they are. */
    public static final String SUMMARY_TAG = "switchlab.seeds";

    /** The tag of all runs of a sweep: the digest of what it consists of, 16 hexadecimal digits. */
    public static final String SWEEP_TAG = "switchlab.sweep";

    /**
     * The tag of the children of a sweep, and of the run that sums up those of one setting: what is changed in it, such
     * as {@code "model.n_experts=2 train.z_loss=0"}; empty where nothing is.
     */
    public static final String SETTING_TAG = "switchlab.setting";

    /** The tag of a sweep's parent by which the same call is known again. */
    public static final String CALL_TAG = "switchlab.sweep_call";

    /**
     * The tag of a child of a sweep whose last try failed: the reason, one line; empty once it has been begun again.
     */
    public static final String FAILURE_TAG = "switchlab.failure";

    /**
     * The tag of the run that sums up a setting: ids of runs, with blanks between, that count as its children and were
     * trained for another sweep.
     */
    public static final String REUSED_TAG = "switchlab.reused";

    /** MLflow's tag for a description, of runs and of experiments. */
    public static final String NOTE_TAG = "mlflow.note.content";

    private static final int MAX_NAME = 250;

    /** Checks names and keys by MLflow's rules. */
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

    private static void requireName(String what, String name, String example) {
        if (name.isBlank() || name.length() > MAX_NAME || name.chars().anyMatch(Character::isISOControl)) {
            throw new BookException(what + " '" + name + "': allowed are 1 to " + MAX_NAME
                    + " characters, without control characters, e.g. " + example);
        }
    }

    /** All tags, those that MLflow's UI shows first: name, user, description, source, commit. */
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
