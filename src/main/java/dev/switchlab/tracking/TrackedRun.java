package dev.switchlab.tracking;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A run as the server has it.
 *
 * @param status MLflow's word: RUNNING, SCHEDULED, FINISHED, FAILED or KILLED
 * @param artifactUri the server's place for its artifacts
 * @param metrics the latest value of each
 */
public record TrackedRun(
        String runId,
        String experimentId,
        String experiment,
        String name,
        String status,
        Instant start,
        Optional<Instant> end,
        String artifactUri,
        Map<String, String> params,
        Map<String, String> tags,
        Map<String, Double> metrics) {

    /** The id that the run had while the server had not been reached: what it left on its machine may be called so. */
    public String ownId() {
        return tags.getOrDefault(RunCreation.KEY_TAG, runId);
    }
}
