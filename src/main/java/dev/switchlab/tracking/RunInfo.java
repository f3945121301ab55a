package dev.switchlab.tracking;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What is known of a run when it starts. Everything in it is checked here, so that a run fails before its first step, not after.
 *
 * @param experimentName the experiment's id; created on the server when absent
 * @param runName shown in the list of runs
 * @param description Markdown
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

    private static final int MAX_NAME = 250;

    public RunInfo {
        requireName("experiment name", experimentName, "tiny-shakespeare");
        requireName("run name", runName, "tiny-shakespeare-seed-1");
        Objects.requireNonNull(gitCommit, "gitCommit");
        Objects.requireNonNull(dataset, "dataset");
        params = Map.copyOf(params);
        tags = Map.copyOf(tags);
        params.keySet().forEach(key -> Keys.check("param", key));
        tags.keySet().forEach(key -> Keys.check("tag", key));
    }

    private static void requireName(String what, String name, String example) {
        if (name.isBlank() || name.length() > MAX_NAME || name.chars().anyMatch(Character::isISOControl)) {
            throw new TrackingException(what + " '" + name + "': allowed are 1 to " + MAX_NAME
                    + " characters, without control characters, e.g. " + example);
        }
    }

    /** The tags that are not {@link #systemTags}. */
    Map<String, String> otherTags() {
        Map<String, String> other = new LinkedHashMap<>(tags);
        other.remove(PARENT_TAG);
        return other;
    }

    /** The tags that a run is created with and that MLflow's UI shows: name, description, source, user, parent. */
    Map<String, String> systemTags() {
        Map<String, String> system = new LinkedHashMap<>();
        system.put("mlflow.runName", runName);
        system.put("mlflow.user", user);
        system.put("mlflow.note.content", description + "\n\nReproduce it:\n\n```sh\n" + command + "\n```\n");
        system.put("mlflow.source.name", sourceName);
        system.put("mlflow.source.type", "LOCAL");
        Optional.ofNullable(tags.get(PARENT_TAG)).ifPresent(parent -> system.put(PARENT_TAG, parent));
        gitCommit.ifPresent(commit -> system.put("mlflow.source.git.commit", commit));
        return system;
    }
}
