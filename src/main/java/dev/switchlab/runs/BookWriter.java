package dev.switchlab.runs;

import com.google.common.util.concurrent.Uninterruptibles;
import dev.switchlab.runs.db.Database;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The only thread that writes to a book. Callers submit work and continue; all pending work is written in one
 * transaction.
 *
 * <p>The first failure ends all writing: later calls throw the same exception, so that training stops where it can be
 * resumed.
 */
final class BookWriter implements AutoCloseable {
    /** Tasks that may be pending. A caller waits only if the disk has taken no data for so many tasks. */
    private static final int LONGEST_QUEUE = 10_000;

    private static final int MOST_AT_ONCE = 256;

    /**
     * One piece of work.
     *
     * @param durable whether the work must also survive a power failure
     */
    private record Task(Database.Change work, boolean durable, CompletableFuture<Void> done) {}

    private static final Task END = new Task(session -> {}, false, new CompletableFuture<>());

    private final Database database;
    private final Path file;
    private final BlockingQueue<Task> queue = new ArrayBlockingQueue<>(LONGEST_QUEUE);
    private final Thread thread = new Thread(this::run, "book-writer");
    private volatile BookException failure;
    private volatile boolean closed;

    /** @param file the book's file, for messages */
    BookWriter(Database database, Path file) {
        this.database = database;
        this.file = file;
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Submits work without waiting for it.
     *
     * @throws BookException if earlier work failed
     */
    void submit(Database.Change work) {
        hand(new Task(work, false, new CompletableFuture<>()));
    }

    private void hand(Task task) {
        requireHealthy();
        if (closed) {
            throw new IllegalStateException("the book is closed");
        }
        Uninterruptibles.putUninterruptibly(queue, task);
    }

    /** Submits work and waits until it and all earlier work are on the disk. */
    void await(Database.Change work) {
        Task task = new Task(work, true, new CompletableFuture<>());
        hand(task);
        try {
            task.done().join();
        } catch (CompletionException e) {
            requireHealthy();
            throw e;
        }
    }

    void requireHealthy() {
        if (failure != null) {
            throw new BookException(failure.getMessage(), failure);
        }
    }

    private void run() {
        List<Task> tasks = new ArrayList<>();
        boolean ends = false;
        while (!ends) {
            tasks.clear();
            tasks.add(Uninterruptibles.takeUninterruptibly(queue));
            queue.drainTo(tasks, MOST_AT_ONCE - 1);
            ends = tasks.remove(END);
            write(tasks);
        }
    }

    private void write(List<Task> tasks) {
        if (failure == null && !tasks.isEmpty()) {
            try {
                database.write(session -> {
                    for (Task task : tasks) {
                        task.work().run(session);
                    }
                    return null;
                });
                if (tasks.stream().anyMatch(Task::durable)) {
                    database.force();
                }
            } catch (SQLException | IOException | RuntimeException e) {
                failure = new BookException(
                        "the book of runs " + file + " cannot be written: " + reason(e)
                                + "; mend that, then go on with: make resume",
                        e);
            }
        }
        for (Task task : tasks) {
            if (failure == null) {
                task.done().complete(null);
            } else {
                task.done().completeExceptionally(failure);
            }
        }
    }

    private static String reason(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** Writes the pending work, then ends. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        Uninterruptibles.putUninterruptibly(queue, END);
        Uninterruptibles.joinUninterruptibly(thread);
    }
}
