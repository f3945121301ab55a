package dev.switchlab.cli;

import dev.switchlab.runs.BookException;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
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
            defaultValue = "")
    private String run;

    /** Whether a run was named. */
    boolean isGiven() {
        return !run.isBlank();
    }

    /** The run in {@code store}. */
    Run find(MirroredBook store) {
        if (!run.isBlank()) {
            return store.find(run.strip());
        }
        return store.book().runs(Optional.empty(), RECENT).stream()
                .filter(r -> r.status().equals("FINISHED") || r.status().equals("KILLED"))
                .findFirst()
                .orElseThrow(() -> new BookException("there is no run yet; make one with: make train"));
    }

    /** The run in {@code store} to go on with. */
    Run findUnfinished(MirroredBook store) {
        if (!run.isBlank()) {
            return store.find(run.strip());
        }
        return store.book().runs(Optional.empty(), RECENT).stream()
                .filter(r -> !r.status().equals("FINISHED") && !r.isSummary())
                .findFirst()
                .orElseThrow(() -> new BookException("there is no run to go on with: all are finished"));
    }

    /** All stored values of some metrics: metric, step, value. */
    static Map<String, SortedMap<Long, Double>> points(MirroredBook store, String runId, List<String> metrics) {
        Map<String, SortedMap<Long, Double>> points = new TreeMap<>();
        for (String metric : metrics) {
            SortedMap<Long, Double> values = new TreeMap<>();
            for (MetricPoint point : store.book().history(runId, metric)) {
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
