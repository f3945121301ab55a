package dev.switchlab.sweep;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Starts the children of a sweep somewhere, and says how they stand. */
public interface Launcher {

    /** Is told how a child stands, at each change; by one thread at a time. */
    @FunctionalInterface
    interface Observer {
        void changed(ChildPlan child, ChildState state);
    }

    /**
     * Runs children, in order as far as there is room, until each of them has ended: {@link ChildState#hasEnded()} is
     * true of the last state that the observer was told of each. The failure of one does not end the others.
     *
     * @param folder of the sweep, see {@link ChildPlan#folder}: each child's plan is there; what children print may be
     *     kept there
     * @param children to be started; not those that are done. Their runs may be in the book already, cut off
     */
    void run(Path folder, List<ChildPlan> children, Observer observer) throws IOException, InterruptedException;

    /**
     * Ends in good order, from any thread: what runs takes the step in progress and saves, what waits is not started.
     * Returns at once; {@link #run} returns when it is done.
     */
    void stop();

    /**
     * The user wants to go (Ctrl-C), from any thread: as {@link #stop}, unless children can go on without this process.
     */
    default void leave() {
        stop();
    }

    /** What {@link #leave} does, for people. */
    default String leaving() {
        return "stopping: the step in progress is finished and saved; once more ends it at once ...";
    }

    /** Ends at once, after {@link #leave}: what cannot go on without this process is killed. */
    void kill();

    /** Children that run at a time. */
    int width();

    /** Where and how, for people, such as {@code 2 at a time on this machine, 1 thread each}. */
    String words();
}
