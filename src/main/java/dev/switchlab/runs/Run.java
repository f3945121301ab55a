package dev.switchlab.runs;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A run in the book.
 *
 * @param runId 32 hexadecimal digits
 * @param experimentId MLflow's number of the experiment
 * @param experiment the experiment's name
 * @param name shown in the list of runs
 * @param status RUNNING, SCHEDULED, FINISHED, FAILED or KILLED
 * @param metrics the latest value of each metric
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

    /** The first eight digits of the id. */
    public String shortId() {
        return runId.substring(0, Math.min(8, runId.length()));
    }

    /** Whether the run was completed. */
    public boolean isFinished() {
        return status.equals("FINISHED");
    }

    /** Whether the run trained no model but summarizes its children. */
    public boolean isSummary() {
        return tags.containsKey(RunInfo.SUMMARY_TAG);
    }

    /** Seconds from start to end, pauses included; NaN for a run that has not ended. */
    public double seconds() {
        return end.map(time -> Duration.between(start, time).toMillis() / 1e3).orElse(Double.NaN);
    }

    /** The latest value of a metric; NaN if it was not logged. */
    public double metric(String name) {
        return metrics.getOrDefault(name, Double.NaN);
    }
}
