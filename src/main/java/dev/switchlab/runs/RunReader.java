package dev.switchlab.runs;

import dev.switchlab.runs.db.PointRow;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads one run from a store: a book, or an MLflow server. */
public interface RunReader {

    /** The store, for messages. */
    String place();

    /**
     * The current state of the run.
     *
     * @throws BookException if the store does not have the run
     */
    RunState state() throws IOException;

    /**
     * Points of one metric, in any order.
     *
     * @param since the earliest timestamp, in ms since 1970
     */
    List<PointRow> history(String key, long since) throws IOException;

    /**
     * Paths of the run's files.
     *
     * @throws BookException if the store does not serve the files
     */
    List<String> files() throws IOException;

    /** Symbolic links among the run's files and checkpoints; they are not followed. */
    default List<String> links() {
        return List.of();
    }

    /** The file on this machine; empty if the file must be downloaded. */
    default Optional<Path> local(String path) {
        return Optional.empty();
    }

    /** Writes a file of the run to {@code target}. */
    void download(String path, Path target) throws IOException;

    /** The folder of the run's checkpoints; empty if the store has no checkpoints. */
    default Optional<Path> checkpoints() {
        return Optional.empty();
    }
}
