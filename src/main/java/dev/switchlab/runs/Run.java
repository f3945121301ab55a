package dev.switchlab.runs;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A run as the book has it.
 *
 * @param runId 32 hexadecimal digits
 * @param experimentId MLflow's number of the experiment
 * @param experiment the experiment's name
 * @param name shown in the list of runs
 * @param status MLflow's word: RUNNING, SCHEDULED, FINISHED, FAILED or KILLED
 * @param metrics the latest value of each
 */
public record Run(
        String runId,
        long experimentId,
        String experiment,
        String name,
        String status,
        Instant start,
        Optional<Instant> end,
        Map<String, String> params,
        Map<String, String> tags,
        Map<String, Double> metrics) {

    /** As many digits of the id as people read. */
    public String shortId() {
        return runId.substring(0, Math.min(8, runId.length()));
    }
}
