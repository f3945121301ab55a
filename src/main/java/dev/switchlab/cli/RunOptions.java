package dev.switchlab.cli;

import dev.switchlab.analysis.RunComparison;
import dev.switchlab.tracking.MetricPoint;
import dev.switchlab.tracking.TrackedRun;
import dev.switchlab.tracking.TrackingException;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.tracking.UnsentRun;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** Which run. */
final class RunOptions {

    private static final int RECENT = 100;

    @Option(
            names = "--run",
            paramLabel = "ID",
            description =
                    "A run by its id, the first characters of it, or its name; default: the newest that has ended (to resume:"
                            + " the newest that is not finished).",
            defaultValue = "${env:SWITCHLAB_RUN:-}")
    private String run;

    /** Whether a run was named. */
    boolean isGiven() {
        return !run.isBlank();
    }

    /** The run in {@code store}. */
    TrackedRun find(TrackingStore store) {
        if (!run.isBlank()) {
            return store.findRun(run.strip());
        }
        List<TrackedRun> recent = store.runs(Optional.empty(), RECENT);
        return recent.stream()
                .filter(r -> r.status().equals("FINISHED") || r.status().equals("KILLED"))
                .findFirst()
                .orElseThrow(() -> new TrackingException("there is no run yet; make one with: make train"));
    }

    /** The run in {@code store} to go on with, which has first got there as far as it came. */
    TrackedRun findUnfinished(TrackingStore store) {
        if (!run.isBlank()) {
            sendLeftBehind(store, run.strip());
            return store.findRun(run.strip());
        }
        TrackedRun newest = store.runs(Optional.empty(), RECENT).stream()
                .filter(r -> !r.status().equals("FINISHED") && !RunComparison.isSummary(r))
                .findFirst()
                .orElseThrow(() -> new TrackingException("there is no run to go on with: all are finished"));
        sendLeftBehind(store, newest.runId());
        return store.findRun(newest.runId());
    }

    /** A process that was killed could not send all that it had logged. */
    private static void sendLeftBehind(TrackingStore store, String id) {
        for (UnsentRun left : store.unsent()) {
            if (!left.isLive() && left.id().startsWith(id)) {
                store.flush(left.id());
            }
        }
    }

    /** All stored values of some metrics: metric, step, value. */
    static Map<String, SortedMap<Long, Double>> points(TrackingStore store, String runId, List<String> metrics) {
        Map<String, SortedMap<Long, Double>> points = new TreeMap<>();
        for (String metric : metrics) {
            SortedMap<Long, Double> values = new TreeMap<>();
            for (MetricPoint point : store.history(runId, metric)) {
                if (values.put(point.step(), point.value()) != null) {
                    throw new IllegalArgumentException("run " + runId + " has " + metric + " at step " + point.step()
                            + " twice; it cannot be compared");
                }
            }
            points.put(metric, values);
        }
        return points;
    }
}
