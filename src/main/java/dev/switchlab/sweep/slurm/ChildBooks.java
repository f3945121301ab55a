package dev.switchlab.sweep.slurm;

import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookMerge;
import dev.switchlab.runs.BookMerge.Merged;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.sweep.ChildLine;
import dev.switchlab.sweep.ChildPlan;
import dev.switchlab.sweep.ChildRun;
import dev.switchlab.sweep.ChildState;
import dev.switchlab.sweep.ChildState.Failed;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** What children leave in the folder of a sweep: a book each, and what they printed. */
final class ChildBooks {

    /** The last lines of a file are in so many bytes. */
    private static final int TAIL = 4096;

    private final MirroredBook store;
    private final Path folder;
    private final Consumer<String> notices;

    /**
     * @param store the sweep's book
     * @param folder of the sweep
     */
    ChildBooks(MirroredBook store, Path folder, Consumer<String> notices) {
        this.store = store;
        this.folder = folder;
        this.notices = notices;
    }

    /**
     * Merges what a child left that no task runs; a run that was cut off is FAILED from then on, until it goes on.
     *
     * @return its end where it is done, or where it failed by itself and that was not known before
     */
    Optional<ChildState> collect(ChildPlan child) {
        Path book = JobArray.book(folder, child);
        boolean hasNews = false;
        if (Files.exists(book.resolve("mlflow.db"))) {
            Merged merged = store.merge(book);
            hasNews = merged.added().contains(child.runId()) || merged.grown().contains(child.runId());
        }
        Optional<ChildState> done = ChildRun.done(child, store);
        Optional<Run> run = store.book().byId(child.runId());
        if (done.isPresent() || run.isEmpty()) {
            return done;
        }
        if (run.get().status().equals("RUNNING")) {
            store.book().end(child.runId(), RunStatus.FAILED, Instant.now());
        }
        String reason = run.get().tags().getOrDefault(RunInfo.FAILURE_TAG, "");
        boolean failed = run.get().status().equals(RunStatus.FAILED.name()) && !reason.isEmpty();
        return hasNews && failed ? Optional.of(new Failed(reason, false)) : Optional.empty();
    }

    /**
     * Makes a child's place ready: what it printed before is over, and what it reached in the sweep's own book it goes
     * on from.
     */
    void prepare(ChildPlan child) throws IOException {
        Files.deleteIfExists(JobArray.output(folder, child));
        Path place = JobArray.book(folder, child);
        boolean isHere = store.book().byId(child.runId()).isPresent();
        Files.createDirectories(place);
        if (isHere) {
            try (Book book = Book.open(place, Book.Options.of(List.of(), notices))) {
                BookMerge.one(store.book().folder(), book, child.runId());
            }
        }
    }

    /** The state that a child told last; empty if it told none since it was submitted. */
    Optional<ChildState> told(ChildPlan child) {
        return tail(JobArray.output(folder, child))
                .lines()
                .map(ChildLine::parse)
                .flatMap(Optional::stream)
                .reduce((first, last) -> last);
    }

    /** The last thing that a child or Slurm said beside that. */
    Optional<String> lastWords(ChildPlan child) {
        return tail(JobArray.log(folder, child))
                .lines()
                .filter(line -> !line.isBlank())
                .reduce((first, last) -> last)
                .map(String::strip);
    }

    private static String tail(Path file) {
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            long from = Math.max(0, in.length() - TAIL);
            in.seek(from);
            byte[] bytes = new byte[(int) (in.length() - from)];
            in.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return ""; // not there yet, or the network file system has hiccups: the next look sees it
        }
    }
}
