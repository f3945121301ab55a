package dev.switchlab.analysis;

import dev.switchlab.tracking.MetricPoint;
import dev.switchlab.tracking.TrackedRun;
import dev.switchlab.tracking.TrackingStore;
import java.util.List;

/** Where runs come from. All that the analysis knows of tracking, so that a change there is a change in {@link StoreRuns} alone. */
public interface RunSource {

    /** Every run, the newest first. */
    List<TrackedRun> runs();

    /** Runs of one MLflow experiment, the newest first; empty if there is no such experiment. */
    List<TrackedRun> experiment(String name);

    /** The run with this id, beginning of an id, or name; throws {@code TrackingException} if there is none. */
    TrackedRun find(String idOrName);

    /** All points of a metric in order of time; empty if the run has no such metric. */
    List<MetricPoint> history(String runId, String metric);

    /** Paths of a run's artifacts; empty if it has none. */
    List<String> artifacts(String runId);

    /** A small text that a run kept; throws {@code TrackingException} if there is no such artifact. */
    String text(String runId, String artifactPath);

    /** The runs of a tracking store. */
    static RunSource of(TrackingStore store) {
        return new StoreRuns(store);
    }
}
