package dev.switchlab.provenance;

import dev.switchlab.experiment.MetricNames;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A finished run as it is compared.
 *
 * @param provenance where it comes from and what it gave
 * @param points every logged value: metric, step, value
 */
public record RunRecord(Provenance provenance, Map<String, ? extends SortedMap<Long, Double>> points) {

    /** Leaves timings out. */
    public RunRecord {
        Map<String, SortedMap<Long, Double>> compared = new TreeMap<>();
        points.forEach((metric, values) -> {
            if (!MetricNames.isTiming(metric)) {
                compared.put(metric, new TreeMap<>(values));
            }
        });
        points = compared;
    }
}
