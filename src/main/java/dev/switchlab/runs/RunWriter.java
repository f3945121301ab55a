package dev.switchlab.runs;

import dev.switchlab.runs.db.PointRow;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Writes the copy of one run into a store: a book, or an MLflow server. */
public interface RunWriter {

    /** The store, for messages. */
    String place();

    /** Why the copy must not be changed now; empty if it may be. */
    Optional<String> obstacle();

    /**
     * Whether nobody but the source's owner continues the copy. Such a copy is brought up to the source without asking
     * which of the two has progressed further.
     */
    boolean isMirror();

    /** What the store has of the run; empty if the store does not have the run yet. */
    Optional<RunState> existing() throws IOException;

    /** All points that the store has of one metric. */
    List<PointRow> history(String key) throws IOException;

    /**
     * Writes what the store lacks.
     *
     * @return whether anything was new
     */
    boolean write(RunChanges changes) throws IOException;
}
