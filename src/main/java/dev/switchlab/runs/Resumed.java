package dev.switchlab.runs;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.db.MetricsTable;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.db.Session;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Where a run's log goes on.
 *
 * @param later steps after the checkpoint whose points are in the book already, by metric
 * @param time of the last point, in ms since 1970
 * @param systemStep number of the next sample of the machine's load
 */
record Resumed(Map<String, Set<Long>> later, long time, long systemStep) {

    /** What a run has after {@code step}. */
    static Resumed from(Session session, String runId, long step) throws SQLException {
        Map<String, Set<Long>> later = new HashMap<>();
        long time = System.currentTimeMillis();
        long systemStep = 0;
        for (PointRow latest : MetricsTable.latest(session, runId)) {
            time = Math.max(time, latest.timestamp());
            if (latest.key().startsWith(MetricNames.SYSTEM)) {
                systemStep = Math.max(systemStep, latest.step() + 1);
            } else if (latest.step() > step) {
                Set<Long> steps = new HashSet<>();
                for (PointRow point : MetricsTable.history(session, runId, latest.key(), 0)) {
                    if (point.step() > step) {
                        steps.add(point.step());
                    }
                }
                later.put(latest.key(), steps);
            }
        }
        return new Resumed(later, time, systemStep);
    }

    /** What of a step's metrics is not in the book yet. */
    Map<String, Double> without(long step, Map<String, Double> metrics) {
        if (later.isEmpty()) {
            return metrics;
        }
        Map<String, Double> fresh = new LinkedHashMap<>(metrics);
        fresh.keySet().removeIf(key -> later.getOrDefault(key, Set.of()).contains(step));
        return fresh;
    }
}
