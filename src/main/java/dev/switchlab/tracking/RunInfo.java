package dev.switchlab.tracking;

import java.util.Map;
import java.util.Optional;

/**
 * What is known of a run before it begins.
 *
 * @param experiment name of the MLflow experiment
 * @param name name of the run
 * @param about why the experiment exists; becomes the run's description
 * @param command the command that repeats the run
 * @param params settings
 * @param tags texts for searching
 * @param dataset what it trains on
 */
public record RunInfo(
        String experiment,
        String name,
        String about,
        String command,
        Map<String, String> params,
        Map<String, String> tags,
        Optional<Dataset> dataset) {

    /** A corpus and its sha256. */
    public record Dataset(String name, String sha256) {}
}
