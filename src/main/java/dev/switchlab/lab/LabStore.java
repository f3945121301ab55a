package dev.switchlab.lab;

import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The one place where the lab touches the book of runs. It opens when it is first asked for something. */
final class LabStore implements AutoCloseable {

    private static final int MOST_RUNS = 200;

    private final MlflowEnvironment environment;
    private final Path folder;
    private MirroredBook store;

    /**
     * @param environment which server the book is mirrored to, if any
     * @param folder of the book and what is beside it
     */
    LabStore(MlflowEnvironment environment, Path folder) {
        this.environment = environment;
        this.folder = folder;
    }

    /** The book itself. */
    MirroredBook book() {
        if (store == null) {
            store = MirroredBook.open(folder, environment);
        }
        return store;
    }

    /** All runs, newest first. */
    List<Run> runs() {
        return book().book().runs(Optional.empty(), MOST_RUNS);
    }

    /** A run by its id, the beginning of it, or its name; blank for the newest. */
    Run find(String run) {
        if (!run.isBlank()) {
            return book().find(run);
        }
        return runs().stream()
                .findFirst()
                .orElseThrow(
                        () -> new LabException("there is no run yet; make one with experiment(\"smoke\").train()"));
    }

    @Override
    public void close() {
        if (store != null) {
            store.close();
            store = null;
        }
    }
}
