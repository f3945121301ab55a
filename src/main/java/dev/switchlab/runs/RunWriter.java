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
     * Whether nobody but the source's owner continues the copy. Such a copy is brought up to the source without asking
     * which of the two has progressed further.
     */
    default boolean isMirror() {
        return false;
    }

    /** What the store has of the run; empty if the store does not have the run yet. */
    Optional<RunState> existing() throws IOException;

    /** All points that the store has of one metric. */
    List<PointRow> history(String key) throws IOException;

    /**
     * Writes what the store lacks.
     *
     * @return whether anything was new
     */
    boolean write(Changes changes) throws IOException;

    /**
     * What the copy of a run lacks.
     *
     * @param from the source, for its files
     * @param state the source
     * @param hasProgressed whether the source has points or an end that the copy lacks; otherwise files and tags that
     *     differ were changed at the copy, and stay
     * @param params that the copy lacks or has with other values
     * @param tags to be set
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
