package dev.switchlab.session;

import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
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
            Path folder = TrainingSession.checkpoints(store, owner(run));
            // Without the folder the run began elsewhere, or begins just now.
            if (run.status().equals("RUNNING") && Files.exists(folder) && !lives(store, run)) {
                store.book().end(run.runId(), RunStatus.FAILED, Instant.now());
            }
        }
    }

    /** Whose lock says that a run lives: a setting of a sweep is the sweep's. */
    private static String owner(Run run) {
        boolean sumsUp = run.tags().containsKey(RunInfo.SUMMARY_TAG);
        return sumsUp ? run.tags().getOrDefault(RunInfo.PARENT_TAG, run.runId()) : run.runId();
    }

    /** Whether a process on this machine trains the run. */
    public static boolean lives(MirroredBook store, Run run) {
        return RunLock.isHeld(TrainingSession.checkpoints(store, owner(run)), run.runId());
    }
}
