package dev.switchlab.session;

import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.train.RunLock;
import dev.switchlab.train.RunStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/** Runs that the book says are running, and whose process is gone: killed, or cut off with its machine. */
public final class DeadRuns {

    private DeadRuns() {}

    /** Marks them as failed. They can be resumed as before. */
    public static void end(MirroredBook store) {
        for (Run run : store.book().runs(Optional.empty(), Integer.MAX_VALUE)) {
            Path folder = TrainingSession.checkpoints(store, run.runId());
            // Without the folder the run began elsewhere, or begins just now.
            if (run.status().equals("RUNNING") && Files.exists(folder) && !lives(store, run)) {
                store.book().end(run.runId(), RunStatus.FAILED, Instant.now());
            }
        }
    }

    /** Whether a process on this machine trains the run. */
    public static boolean lives(MirroredBook store, Run run) {
        return RunLock.isHeld(TrainingSession.checkpoints(store, run.runId()), run.runId());
    }
}
