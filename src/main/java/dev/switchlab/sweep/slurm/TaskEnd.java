package dev.switchlab.sweep.slurm;

import dev.switchlab.runs.BookException;
import dev.switchlab.sweep.ChildPlan;
import dev.switchlab.sweep.ChildState;
import dev.switchlab.sweep.ChildState.Done;
import dev.switchlab.sweep.ChildState.Failed;
import dev.switchlab.sweep.ChildState.Running;
import dev.switchlab.sweep.ChildState.Stopped;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * How children ended whose task is over, or forgotten. First comes what they left: their book, then their last line.
 * Slurm is asked only for what became of one that left neither.
 */
final class TaskEnd {

    /** What may happen to any child, and needs no other attempt than the next call's. */
    private static final Set<String> FROM_OUTSIDE =
            Set.of("BOOT_FAIL", "CANCELLED", "DEADLINE", "NODE_FAIL", "PREEMPTED", "REVOKED", "TIMEOUT");

    private final SlurmCommands slurm;
    private final ChildBooks books;
    private final long job;
    private final Set<ChildPlan> gone = new HashSet<>();

    /** @param job the array that this call submitted; 0 if it submitted none */
    TaskEnd(SlurmCommands slurm, ChildBooks books, long job) {
        this.slurm = slurm;
        this.books = books;
        this.job = job;
    }

    ChildBooks books() {
        return books;
    }

    /** A child's task is there again: it was requeued. */
    void isUnderWay(ChildPlan child) {
        gone.remove(child);
    }

    /**
     * A child's end. Empty when it is seen ended for the first time without having said that it is done: Slurm may be
     * about to requeue it.
     *
     * @param task its last task, if Slurm remembers one
     */
    Optional<ChildState> of(ChildPlan child, Optional<ArrayTask> task) throws InterruptedException {
        Optional<ChildState> told = books.told(child);
        boolean isDone = told.filter(Done.class::isInstance).isPresent();
        if (gone.add(child) && !isDone) {
            return Optional.empty();
        }
        try {
            Optional<ChildState> left = books.collect(child);
            return Optional.of(left.isPresent() ? left.get() : from(child, told, task));
        } catch (BookException e) {
            return Optional.of(new Failed(e.getMessage(), false));
        }
    }

    private ChildState from(ChildPlan child, Optional<ChildState> told, Optional<ArrayTask> task)
            throws InterruptedException {
        if (told.isPresent() && (told.get() instanceof Stopped || told.get() instanceof Failed)) {
            return told.get();
        }
        if (told.isPresent() && told.get() instanceof Done) {
            return new Failed("it says that it is done, but its run is not in the book that it left", true);
        }
        Optional<ArrayTask> last = task.isPresent() || job == 0 ? task : slurm.accounted(job, child.number());
        String state = last.map(ArrayTask::state).orElse("");
        int step = told.isPresent() && told.get() instanceof Running running ? running.step() : 0;
        if (state.equals("CANCELLED") && step == 0) {
            return new Stopped(0);
        }
        String words = state.isEmpty()
                ? "ended, and Slurm does not remember how"
                : state.toLowerCase(Locale.ROOT).replace('_', ' ') + " in Slurm";
        String where = step == 0 ? " before its first step" : " after step " + step;
        String said = books.lastWords(child).map(line -> ": " + line).orElse("");
        return new Failed(words + where + said, state.isEmpty() || FROM_OUTSIDE.contains(state));
    }
}
