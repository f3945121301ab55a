package dev.switchlab.runs;

import dev.switchlab.runs.db.RunsTable;
import dev.switchlab.runs.db.RunsTable.RunRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Brings the runs of another book into this one: of another machine, or of a process that kept its own because SQLite
 * does not belong on a network file system.
 *
 * <p>Runs are the same by their id, experiments by their name. A run comes whole or not at all: its files first, each
 * under another name and then moved, then its rows in one transaction. Merging again adds what the run has got since;
 * merging twice changes nothing.
 */
public final class BookMerge {
    private final Book into;
    private final boolean withCheckpoints;
    private final Consumer<String> notices;

    /**
     * @param withCheckpoints whether what is needed to resume a run that has not finished comes, too
     * @param notices takes one-line messages for the user
     */
    public BookMerge(Book into, boolean withCheckpoints, Consumer<String> notices) {
        this.into = into;
        this.withCheckpoints = withCheckpoints;
        this.notices = notices;
    }

    /**
     * What a merge did, as ids of runs.
     *
     * @param added runs that were not in this book
     * @param grown runs that got something new
     * @param unchanged runs of which this book had everything
     * @param left runs that were left as they are here; why was said
     */
    public record Merged(List<String> added, List<String> grown, List<String> unchanged, List<String> left) {}

    /**
     * Merges all runs, the oldest first.
     *
     * @param folder of the other book; its runs may go on meanwhile
     * @throws BookException in one line, if there is no sound book
     */
    public Merged from(Path folder) {
        return from(folder, run -> true);
    }

    /** The same with this one run, if the other book has it. */
    public Merged from(Path folder, String runId) {
        return from(folder, run -> run.id().equals(runId));
    }

    private Merged from(Path folder, Predicate<RunRow> wanted) {
        requireOther(folder);
        try (Book other = Book.open(folder, new BookOptions(into.options().secrets(), Duration.ZERO, notices))) {
            other.damage().ifPresent(damage -> {
                throw new BookException(folder.resolve("mlflow.db") + " is damaged (" + damage
                        + "): nothing of it was merged; allowed: a sound book, e.g. a backup of it");
            });
            List<RunRow> runs = new ArrayList<>(
                    other.read(session -> RunsTable.newest(session, Optional.empty(), Integer.MAX_VALUE)));
            Collections.reverse(runs);
            Merged merged = new Merged(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            runs.removeIf(wanted.negate());
            for (RunRow run : runs) {
                List<String> list = switch (new RunMerge(other, into, run.id(), withCheckpoints, notices).merge()) {
                    case ADDED -> merged.added();
                    case GROWN -> merged.grown();
                    case UNCHANGED -> merged.unchanged();
                    case LEFT -> merged.left();
                };
                list.add(run.id());
            }
            return merged;
        }
    }

    private void requireOther(Path folder) {
        Path file = folder.resolve("mlflow.db");
        if (!Files.isRegularFile(file)) {
            throw new BookException("there is no book of runs in " + folder
                    + " (no file mlflow.db); allowed: a runs folder," + " e.g. ../other/runs");
        }
        try {
            if (Files.isSameFile(folder, into.folder())) {
                throw new BookException(
                        folder + " is this book itself; allowed: another runs folder, e.g. ../other/runs");
            }
        } catch (IOException e) {
            throw new BookException("cannot read " + folder + ": " + e.getMessage(), e);
        }
    }
}
