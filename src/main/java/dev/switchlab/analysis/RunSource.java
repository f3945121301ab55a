package dev.switchlab.analysis;

import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import java.util.List;

/**
 * Where runs come from. All that the analysis knows of the book, so that a change there is a change in {@link BookRuns}
 * alone.
 */
public interface RunSource {

    /** Runs of one MLflow experiment, the newest first; empty if there is no such experiment. */
    List<Run> experiment(String name);

    /** The run with this id, beginning of an id, or name; throws {@code BookException} if there is none. */
    Run find(String idOrName);

    /** The runs whose parent this one is, the oldest first, and those that it reuses; empty if there is none. */
    List<Run> children(String runId);

    /** All points of a metric in order of time; empty if the run has no such metric. */
    List<MetricPoint> history(String runId, String metric);

    /** Paths of a run's artifacts; empty if it has none. */
    List<String> artifacts(String runId);

    /** A small text that a run kept; throws {@code BookException} if there is no such artifact. */
    String text(String runId, String artifactPath);

    /** The runs of a book. */
    static RunSource of(MirroredBook store) {
        return new BookRuns(store);
    }
}
