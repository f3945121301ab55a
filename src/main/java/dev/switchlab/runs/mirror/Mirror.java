package dev.switchlab.runs.mirror;

import com.google.common.collect.Comparators;
import com.google.common.util.concurrent.Uninterruptibles;
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
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Copies a run to a server during training, in a separate thread. Failures of the server do not affect the run: unsent
 * data stays in the book and is sent later.
 */
public final class Mirror implements AutoCloseable {
    /**
     * Time limits and pauses between attempts.
     *
     * @param call limit of one call to the server; an upload may take longer while bytes flow
     * @param finish limit of waiting without progress at the end of a run
     * @param pause between two passes
     * @param firstRetry pause after the first failure; it doubles up to {@code lastRetry}
     * @param lastRetry longest pause between two attempts
     */
    public record Timing(Duration call, Duration finish, Duration pause, Duration firstRetry, Duration lastRetry) {
        public static final Timing DEFAULT = new Timing(
                Duration.ofSeconds(20),
                Duration.ofSeconds(30),
                Duration.ofSeconds(1),
                Duration.ofMillis(500),
                Duration.ofSeconds(30));
    }

    /** Time at the end of a run after which a message explains the wait. */
    private static final Duration SILENCE = Duration.ofSeconds(1);

    private final Book book;
    private final String runId;
    private final MlflowServer server;
    private final Timing timing;
    private final Consumer<String> notices;
    private final ServerWriter writer;
    private final RunCopy copy;
    private final Deque<String> leftBehind;
    private final Thread thread = new Thread(this::run, "mirror");
    private final CountDownLatch ending = new CountDownLatch(1);
    private volatile long lastProgress = System.nanoTime();
    /** Why the last pass failed; empty if the pass succeeded. */
    private volatile String failure = "";

    /**
     * Starts copying.
     *
     * @param leftBehind ended runs that the server does not have completely
     */
    Mirror(
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
        thread.start();
    }

    /**
     * Copies the current state of a run.
     *
     * @return whether the run has ended and the server has all of it
     */
    static boolean copyOnce(
            Book book, String runId, MlflowServer server, Consumer<String> notices, LongConsumer progress)
            throws IOException {
        ServerWriter writer = new ServerWriter(book, runId, server, progress);
        new RunCopy(new BookRun(book, runId), writer, notices).copy();
        writer.keepState();
        return writer.isWhole();
    }

    private void run() {
        Duration retry = timing.firstRetry();
        while (true) {
            boolean last = isEnding();
            try {
                copy.copy();
                succeeded();
                retry = timing.firstRetry();
                if (last) {
                    return;
                }
                if (leftBehind.isEmpty()) {
                    pause(timing.pause());
                } else {
                    copyLeftBehind();
                }
            } catch (ServerException e) {
                failed(e.getMessage());
                if (isEnding() && (e.isRefused() || isHopeless(e.kind()))) {
                    return;
                }
                // At the end, a few attempts must fit into the time limit.
                pause(isEnding() ? Comparators.min(retry, timing.finish().dividedBy(4)) : retry);
                retry = Comparators.min(retry.multipliedBy(2), timing.lastRetry());
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
     * Copies one of the earlier runs; a pass over the current run precedes the next one. An earlier run that the server
     * refuses is kept for later, and a message is printed.
     */
    private void copyLeftBehind() throws ServerException {
        String id = leftBehind.removeFirst();
        try {
            copyOnce(book, id, server, notices, bytes -> lastProgress = System.nanoTime());
        } catch (IOException | BookException e) {
            if (e instanceof ServerException refusal && refusal.kind() == Kind.PASSING) {
                leftBehind.addLast(id);
                throw refusal;
            }
            notices.accept(
                    "run " + id + ", which was left behind, is not sent: " + server.uri() + ": " + e.getMessage());
        }
    }

    private void succeeded() {
        boolean wasInTrouble = !failure.isEmpty();
        failure = "";
        lastProgress = System.nanoTime();
        if (wasInTrouble) {
            notices.accept("run " + runId + ": " + server.uri() + " takes data again");
        }
    }

    private void failed(String reason) {
        boolean isNew = failure.isEmpty();
        failure = reason;
        if (isNew) {
            notices.accept("MLflow server " + server.uri() + ": " + reason + "; training goes on, run " + runId
                    + " is in the book and sent when the server takes it");
        }
    }

    private boolean isEnding() {
        return ending.getCount() == 0;
    }

    /** At the end of a run, waiting makes sense only for temporary failures of a server that has answered before. */
    private boolean isHopeless(Kind kind) {
        return kind != Kind.PASSING
                || !server.hasAnswered()
                || System.nanoTime() - lastProgress > timing.finish().toNanos();
    }

    /** Sleeps until the pause is over or the run ends. */
    @SuppressWarnings("CheckReturnValue") // in both cases the pause is over
    private void pause(Duration duration) {
        if (isEnding()) {
            Uninterruptibles.sleepUninterruptibly(duration);
        } else {
            Uninterruptibles.awaitUninterruptibly(ending, duration);
        }
    }

    /**
     * Sends the rest while the server accepts data. Messages explain the wait and name unsent data, with the command
     * that sends it later.
     */
    @Override
    public void close() {
        if (isEnding()) {
            return;
        }
        lastProgress = System.nanoTime();
        ending.countDown();
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
