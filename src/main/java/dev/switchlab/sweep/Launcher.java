package dev.switchlab.sweep;

import java.io.IOException;
import java.util.List;

/** Starts the runs of a sweep somewhere and reports their status. */
public interface Launcher {

    /** Receives each change of status; called by one thread at a time. */
    @FunctionalInterface
    interface Observer {
        void changed(SweepRun run, Status status);
    }

    /**
     * Runs until each run has ended, in order as room permits. The failure of one does not end the others.
     *
     * @param folder of the sweep, with the plans of all runs
     * @param runs to be started; none that is done. Some may be in the book already, cut off
     * @param observer is told a last status of each run that {@link Status#hasEnded}
     */
    void run(SweepFolder folder, List<SweepRun> runs, Observer observer) throws IOException, InterruptedException;

    /**
     * Ends in good order, from any thread: running runs take the step in progress and save, waiting ones are not
     * started. Returns at once; {@link #run} returns when all have ended.
     */
    void stop();

    /**
     * Ends this call on the user's wish (Ctrl-C), from any thread: as {@link #stop}, unless runs continue without it.
     */
    default void leave() {
        stop();
    }

    /** What {@link #leave} does, for the user. */
    default String leaving() {
        return "stopping: the step in progress is finished and saved; once more ends it at once ...";
    }

    /** Ends at once, after {@link #leave}: kills what cannot continue without this process. */
    void kill();

    /** Number of runs at a time. */
    int width();

    /** Where and how, for the user, such as {@code 2 at a time on this machine, 1 thread each}. */
    String words();
}
