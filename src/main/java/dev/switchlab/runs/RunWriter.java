package dev.switchlab.runs;

import dev.switchlab.runs.db.PointRow;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Writes the copy of one run into a store: a book, or an MLflow server. */
public interface RunWriter {

    /** The store, for messages. */
    String place();

    /** Why the copy must not be changed now; empty if it may be. */
    default Optional<String> obstacle() {
        return Optional.empty();
    }

    /**
     * Whether only the source is ever continued. Such a copy is updated without a check which of the two has progressed
     * further.
     */
    default boolean isMirror() {
        return false;
    }

    /** The state of the run in this store; empty if the run does not exist here yet. */
    Optional<RunState> existing() throws IOException;

    /** All points of one metric in this store. */
    List<PointRow> history(String key) throws IOException;

    /**
     * Writes the differences.
     *
     * @return whether anything was new
     */
    boolean write(Changes changes) throws IOException;

    /**
     * The differences between a run and its copy.
     *
     * @param from the source, for its files
     * @param state the source
     * @param hasProgressed whether the source has points or an end that the copy lacks; otherwise files and tags that
     *     differ were changed in the copy, and are kept
     * @param params that the copy lacks or that have other values there
     * @param tags to set
     * @param files paths of all files of the source
     * @param metrics keys of the metrics of which the copy lacks points
     * @param points reads the points of one of these metrics that the copy lacks, in order of (step, timestamp, value)
     * @param notices takes one-line messages for the user
     */
    record Changes(
            RunReader from,
            RunState state,
            boolean hasProgressed,
            Map<String, String> params,
            Map<String, String> tags,
            List<String> files,
            List<String> metrics,
            Points points,
            Consumer<String> notices) {}

    /** Reads points of a metric. A run has too many points to keep those of all metrics in memory. */
    interface Points {
        List<PointRow> of(String key) throws IOException;
    }
}
