package dev.switchlab.tracking;

import java.util.Map;

/**
 * A run as the store has it.
 *
 * @param id its id
 * @param name its name
 * @param experimentId id of its experiment
 * @param status MLflow's status: RUNNING, FINISHED, FAILED, KILLED ...
 * @param startTime milliseconds since 1970
 * @param params settings
 * @param tags texts
 * @param metrics the latest value of each metric
 */
public record StoredRun(
        String id,
        String name,
        String experimentId,
        String status,
        long startTime,
        Map<String, String> params,
        Map<String, String> tags,
        Map<String, Double> metrics) {}
