package dev.switchlab.sweep.slurm;

import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.BookMerge;
import dev.switchlab.runs.BookMerge.Merged;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.sweep.Status;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import dev.switchlab.sweep.Status.Waiting;
import dev.switchlab.sweep.SweepFolder;
import dev.switchlab.sweep.SweepRun;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What ended tasks left in the folder of a sweep. Each run writes a book of its own, which is merged into the sweep's
 * book. The book of a run tells how it ended, or else its last status line, or else Slurm.
 */
final class TaskResults {

    /** States that say nothing about the run itself: the next call resumes it. */
    private static final Set<String> FROM_OUTSIDE =
            Set.of("BOOT_FAIL", "CANCELLED", "DEADLINE", "NODE_FAIL", "PREEMPTED", "REVOKED", "TIMEOUT");

    private final MirroredBook store;
    private final SweepFolder folder;
    private final Consumer<String> notices;
    private final Set<SweepRun> seenEnded = new HashSet<>();

    /** @param store the sweep's book */
    TaskResults(MirroredBook store, SweepFolder folder, Consumer<String> notices) {
        this.store = store;
        this.folder = folder;
        this.notices = notices;
    }

    /** Prepares a run for a new task: deletes earlier status lines, and copies what the sweep's book has of the run. */
    void prepare(SweepRun run) throws IOException {
        Files.deleteIfExists(folder.output(run));
        Path place = folder.book(run);
        Files.createDirectories(place);
        if (inBook(run).isPresent()) {
            try (Book book = Book.open(place, Book.Options.of(List.of(), notices))) {
                BookMerge.one(store.book().folder(), book, folder.runId(run));
            }
        }
    }

    private Optional<Run> inBook(SweepRun run) {
        return store.book().byId(folder.runId(run));
    }

    /**
     * Merges what a run left that has no task now. An interrupted run is FAILED until it is resumed.
     *
     * @return the status of a run that is done, or that failed by itself since the last call
     */
    Optional<Status> collect(SweepRun run) {
        String runId = folder.runId(run);
        boolean isNew = false;
        if (Files.exists(folder.book(run).resolve("mlflow.db"))) {
            Merged merged = store.merge(folder.book(run));
            isNew = merged.added().contains(runId) || merged.grown().contains(runId);
        }
        if (inBook(run).filter(found -> found.status().equals("RUNNING")).isPresent()) {
            store.book().end(runId, RunStatus.FAILED, Instant.now());
        }
        Status status = Status.of(inBook(run));
        return status instanceof Done || (status instanceof Failed && isNew) ? Optional.of(status) : Optional.empty();
    }

    /** A run has a task, maybe a requeued one. */
    void hasTask(SweepRun run) {
        seenEnded.remove(run);
    }

    /**
     * The status of a run whose task has ended. Empty when the end is seen for the first time without a result, because
     * Slurm may be about to requeue the task.
     *
     * @param task the last one of the run, if Slurm remembers it
     */
    Optional<Status> end(SweepRun run, Optional<Slurm.Task> task) {
        Status last = folder.lastStatus(run).orElse(new Waiting(""));
        if (seenEnded.add(run) && !(last instanceof Done)) {
            return Optional.empty();
        }
        try {
            Optional<Status> collected = collect(run);
            return Optional.of(collected.isPresent() ? collected.get() : withoutResult(run, last, task));
        } catch (BookException e) {
            return Optional.of(new Failed(e.getMessage(), false));
        }
    }

    private Status withoutResult(SweepRun run, Status last, Optional<Slurm.Task> task) {
        if (last instanceof Stopped || last instanceof Failed) {
            return last;
        }
        if (last instanceof Done) {
            return new Failed("its process ended well, but the run is not in the book that it left", true);
        }
        String state = task.map(Slurm.Task::state).orElse("");
        int step = last instanceof Running running ? running.step() : 0;
        if (state.equals("CANCELLED") && step == 0) {
            return new Stopped(0);
        }
        String what = state.isEmpty()
                ? "ended, and Slurm does not remember how"
                : state.toLowerCase(Locale.ROOT).replace('_', ' ') + " in Slurm";
        String where = step == 0 ? " before its first step" : " after step " + step;
        String line = folder.lastLogLine(run).map(text -> ": " + text).orElse("");
        return new Failed(what + where + line, state.isEmpty() || FROM_OUTSIDE.contains(state));
    }
}
