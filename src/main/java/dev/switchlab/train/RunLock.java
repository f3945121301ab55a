package dev.switchlab.train;

import dev.switchlab.io.ProcessLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Held while a run is trained, so that nobody goes on with a run that still lives.
 *
 * @param folder the run's checkpoints
 * @param lock a file there
 */
public record RunLock(Path folder, ProcessLock lock) implements AutoCloseable {

    private static final String NAME = "lock";

    /**
     * Takes the lock of a run.
     *
     * @param folder the run's checkpoints; made if need be
     * @throws TrainingException in one line, if another process trains the run
     */
    public static RunLock take(Path folder, String runId) {
        try {
            return ProcessLock.take(folder.resolve(NAME))
                    .map(lock -> new RunLock(folder, lock))
                    .orElseThrow(() -> new TrainingException("run " + runId
                            + " is being trained by another process; end that first (Ctrl-C saves what it reached)"));
        } catch (IOException e) {
            throw new TrainingException("the folder " + folder + " cannot be used: " + e.getMessage(), e);
        }
    }

    /** Whether a process of this machine trains the run. */
    public static boolean isHeld(Path folder, String runId) {
        if (!Files.exists(folder.resolve(NAME))) {
            return false;
        }
        try (RunLock lock = take(folder, runId)) {
            return lock == null;
        } catch (TrainingException e) {
            return true;
        }
    }

    @Override
    public void close() {
        lock.close();
    }
}
