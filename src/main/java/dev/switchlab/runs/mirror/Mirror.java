package dev.switchlab.runs.mirror;

import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.BookRun;
import dev.switchlab.runs.RunCopy;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Copies a run to a server while it goes on, on a thread of its own. Whatever the server does, the run does not notice:
 * what could not be sent is in the book, and sent later.
 */
public final class Mirror implements AutoCloseable {
    /**
     * When a mirror gives up and when it tries again.
     *
     * @param call longest time that one call to the server may take; an upload may take longer while bytes flow
     * @param finish longest time without progress that the end of a run waits for the server
     * @param pause between two passes
     * @param firstRetry pause after the first failure; it doubles up to {@code lastRetry}
     * @param lastRetry longest pause between two attempts
     */
    public record Timing(Duration call, Duration finish, Duration pause, Duration firstRetry, Duration lastRetry) {
        /** The usual. */
        public static final Timing DEFAULT = new Timing(
                Duration.ofSeconds(20),
                Duration.ofSeconds(30),
                Duration.ofSeconds(1),
                Duration.ofMillis(500),
                Duration.ofSeconds(30));
    }

    /** So long the end of a run may be silent. */
    private static final Duration SILENCE = Duration.ofSeconds(1);

    private final Book book;
    private final String runId;
    private final MlflowServer server;
    private final ServerWriter writer;
    private final RunCopy copy;
    private final Timing timing;
    private final Consumer<String> notices;
    private final Deque<String> leftBehind;
    private final Thread thread = new Thread(this::run, "mirror");
    private boolean ending;
    private boolean inTrouble;
    private volatile long lastProgress = System.nanoTime();
    private volatile String failure = "";

    private Mirror(
            Book book,
            String runId,
            List<String> leftBehind,
            MlflowServer server,
            Timing timing,
            Consumer<String> notices) {
        this.book = book;
        this.runId = runId;
        this.leftBehind = new ArrayDeque<>(leftBehind);
        this.server = server;
        this.timing = timing;
        this.notices = notices;
        this.writer = new ServerWriter(book, runId, server, bytes -> lastProgress = System.nanoTime());
        this.copy = new RunCopy(new BookRun(book, runId), writer, notices);
        thread.setDaemon(true);
    }

    /**
     * Begins to copy.
     *
     * @param leftBehind runs that have ended and of which the server does not have everything
     */
    static Mirror start(
            Book book,
            String runId,
            List<String> leftBehind,
            MlflowServer server,
            Timing timing,
            Consumer<String> notices) {
        Mirror mirror = new Mirror(book, runId, leftBehind, server, timing, notices);
        mirror.thread.start();
        return mirror;
    }

    private void run() {
        Duration retry = timing.firstRetry();
        while (true) {
            boolean last = isEnding();
            try {
                copy.copy();
                progressed();
                retry = timing.firstRetry();
                if (last) {
                    failure = "";
                    return;
                }
                if (leftBehind.isEmpty()) {
                    pause(timing.pause());
                } else {
                    copyLeftBehind();
                }
            } catch (ServerException e) {
                failed(e.getMessage());
                if (isHopeless(e.kind())) {
                    return;
                }
                pause(isEnding() ? shorter(retry) : retry);
                Duration twice = retry.multipliedBy(2);
                retry = twice.compareTo(timing.lastRetry()) < 0 ? twice : timing.lastRetry();
            } catch (IOException | BookException e) {
                failed(e.getMessage());
                if (last) {
                    return;
                }
                pause(timing.lastRetry());
            }
        }
    }

    /**
     * Copies one of the earlier runs; the next pass over our own run comes before the next of them. One that cannot be
     * copied as things are is no trouble of ours: that is said, and the run stays behind.
     */
    private void copyLeftBehind() throws ServerException {
        String id = leftBehind.removeFirst();
        try {
            copyOnce(book, id, server, notices, bytes -> lastProgress = System.nanoTime());
        } catch (ServerException e) {
            if (e.kind() == Kind.PASSING) {
                leftBehind.addLast(id);
                throw e;
            }
            notices.accept(
                    "run " + id + ", which was left behind, is not sent: " + server.uri() + ": " + e.getMessage());
        } catch (IOException | BookException e) {
            notices.accept("run " + id + ", which was left behind, is not sent: " + e.getMessage());
        }
    }

    /**
     * Copies a run as far as it goes.
     *
     * @return whether the run has ended, so that the server has all of it
     */
    static boolean copyOnce(
            Book book, String runId, MlflowServer server, Consumer<String> notices, LongConsumer progress)
            throws IOException {
        ServerWriter writer = new ServerWriter(book, runId, server, progress);
        new RunCopy(new BookRun(book, runId), writer, notices).copy();
        writer.keepState();
        return writer.isWhole();
    }

    private void progressed() {
        lastProgress = System.nanoTime();
        if (inTrouble) {
            inTrouble = false;
            notices.accept("run " + runId + ": " + server.uri() + " takes data again");
        }
    }

    private void failed(String reason) {
        failure = reason;
        if (!inTrouble) {
            inTrouble = true;
            notices.accept("MLflow server " + server.uri() + ": " + reason + "; training goes on, run " + runId
                    + " is in the book and sent when the server takes it");
        }
    }

    private synchronized boolean isEnding() {
        return ending;
    }

    /** At the end, waiting helps only against what passes; and nobody waits for a server that never answered. */
    private synchronized boolean isHopeless(Kind kind) {
        return ending
                && (kind != Kind.PASSING
                        || !server.official().hasAnswered()
                        || System.nanoTime() - lastProgress > timing.finish().toNanos());
    }

    /** At the end a few attempts are to fit into the patience. */
    private Duration shorter(Duration retry) {
        Duration quarter = timing.finish().dividedBy(4);
        return retry.compareTo(quarter) < 0 ? retry : quarter;
    }

    /** Sleeps; the news that the run has ended cuts it short, once. */
    private synchronized void pause(Duration duration) {
        boolean before = ending;
        long end = System.nanoTime() + duration.toNanos();
        for (long left = duration.toNanos(); left > 0 && ending == before; left = end - System.nanoTime()) {
            try {
                wait(Math.max(1, left / 1_000_000));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /**
     * Sends the rest, for as long as the server takes it, and says what it waits for. What cannot be sent is said, too,
     * with what to do about it later.
     */
    @Override
    public void close() {
        synchronized (this) {
            if (ending) {
                return;
            }
            ending = true;
            lastProgress = System.nanoTime();
            notifyAll();
        }
        boolean interrupted = false;
        try {
            thread.join(SILENCE.toMillis());
            if (thread.isAlive()) {
                notices.accept("sending the rest of run " + runId + " to " + server.uri() + " (given up after "
                        + timing.finish().toSeconds() + " s without progress; it is in the book) ...");
            }
            thread.join();
        } catch (InterruptedException e) {
            interrupted = true;
        }
        writer.keepState();
        server.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        } else if (!failure.isEmpty()) {
            notices.accept("run " + runId + ": " + server.uri() + " does not have all of it (" + failure
                    + "); send the rest later with: make flush RUN=" + runId.substring(0, 8));
        }
    }
}
