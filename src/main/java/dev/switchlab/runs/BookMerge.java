package dev.switchlab.runs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Copies the runs of another book into this one: the book of another machine, or of a process that kept a local book
 * because SQLite must not be used on a network file system.
 *
 * <p>Runs are matched by id, experiments by name. A run is copied completely or not at all; the checkpoints of an
 * unfinished run are copied too. Merging again adds what is new; merging twice changes nothing.
 */
public final class BookMerge {
    private BookMerge() {}

    /**
     * The result of a merge, as ids of runs.
     *
     * @param added runs that were not in this book
     * @param grown runs that had something new
     * @param unchanged runs without anything new
     * @param left runs that were not copied; a warning says why
     */
    public record Merged(List<String> added, List<String> grown, List<String> unchanged, List<String> left) {}

    /**
     * Merges all runs, oldest first.
     *
     * @param from the folder of the other book; its runs may still be running
     * @throws BookException if there is no sound book in the folder
     */
    public static Merged all(Path from, Book into) {
        try (Book other = open(from, into)) {
            List<Run> runs = new ArrayList<>(other.runs(Optional.empty(), Integer.MAX_VALUE));
            Collections.reverse(runs);
            return merge(other, into, runs);
        }
    }

    /** Merges one run, if the other book has it. */
    public static Merged one(Path from, Book into, String runId) {
        try (Book other = open(from, into)) {
            return merge(other, into, other.byId(runId).stream().toList());
        }
    }

    private static Merged merge(Book from, Book into, List<Run> runs) {
        Merged merged = new Merged(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (String id : from.strangeIds()) {
            leave(id.replaceAll("\\p{Cntrl}", "?"), "its id is not 32 hexadecimal digits", into, merged);
        }
        for (Run run : runs) {
            String id = run.runId();
            if (isBehindLink(from, id)) {
                leave(id, "its files are behind a symbolic link, which is not followed", into, merged);
                continue;
            }
            RunCopy copy = new RunCopy(
                    new BookRun(from, id), new BookRun(into, id), into.options().notices());
            try {
                List<String> list = switch (copy.copy()) {
                    case ADDED -> merged.added();
                    case GROWN -> merged.grown();
                    case UNCHANGED -> merged.unchanged();
                    case LEFT -> merged.left();
                };
                list.add(id);
            } catch (IOException e) {
                throw new BookException(
                        "run " + id + " cannot be copied from " + from.folder() + " to " + into.folder() + ": "
                                + e.getMessage(),
                        e);
            }
        }
        return merged;
    }

    private static void leave(String id, String reason, Book into, Merged merged) {
        into.options().notices().accept("run " + id + " is not copied: " + reason);
        merged.left().add(id);
    }

    /** Such a folder may hold anybody's files. */
    private static boolean isBehindLink(Book from, String id) {
        try {
            Path root = from.artifacts(id).root();
            return Files.exists(root)
                    && !root.toRealPath()
                            .startsWith(from.folder().resolve("mlartifacts").toRealPath());
        } catch (IOException e) {
            throw new BookException("cannot read the files of run " + id + ": " + e.getMessage(), e);
        } catch (BookException e) {
            return false; // they are elsewhere, and the copy says so
        }
    }

    private static Book open(Path from, Book into) {
        requireOther(from, into.folder());
        Book other = Book.open(from, into.options());
        other.damage().ifPresent(damage -> {
            other.close();
            throw new BookException(from.resolve("mlflow.db") + " is damaged (" + damage
                    + "): nothing of it was merged; allowed: a sound book, e.g. a backup of it");
        });
        return other;
    }

    private static void requireOther(Path from, Path into) {
        if (!Files.isRegularFile(from.resolve("mlflow.db"))) {
            throw new BookException("there is no book of runs in " + from
                    + " (no file mlflow.db); allowed: a runs folder, e.g. ../other/runs");
        }
        try {
            if (Files.isSameFile(from, into)) {
                throw new BookException(
                        from + " is this book itself; allowed: another runs folder, e.g. ../other/runs");
            }
        } catch (IOException e) {
            throw new BookException("cannot read " + from + ": " + e.getMessage(), e);
        }
    }
}
