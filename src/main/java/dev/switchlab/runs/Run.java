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

    /** The name, behind that of the experiment: what tells the run from all others. */
    public String title() {
        boolean isOlder = name.equals(experiment) || name.startsWith(experiment + " ");
        return isOlder ? name : experiment + " " + name;
    }

    /** Seconds from start to end, without pauses; NaN for a run that has not ended. */
    public double seconds() {
        return end.map(time -> Duration.between(start, time).toMillis() / 1e3 - pausedSeconds())
                .orElse(Double.NaN);
    }

    /** Seconds between the parts of a run that was resumed. */
    long pausedSeconds() {
        return Optional.ofNullable(tags.get(RunInfo.PAUSED_TAG))
                .filter(text -> text.matches("\\d{1,12}"))
                .map(Long::parseLong)
                .orElse(0L);
    }

    /**
     * A fact that runs record as a parameter, or as a tag: {@code device}, {@code corpus.sha256}. Older runs have a tag
     * for each, too.
     */
    public String fact(String name) {
        return params.getOrDefault(name, tags.getOrDefault("switchlab." + name.replace('.', '_'), ""));
    }

    /** The latest value of a metric; NaN if it was not logged. */
    public double metric(String name) {
        return metrics.getOrDefault(name, Double.NaN);
    }
}
