package dev.switchlab.tracking;

import dev.switchlab.tracking.ServerException.Kind;
import dev.switchlab.tracking.TrackingOptions.Timing;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Sends a spool until everything is with the server, however often that fails: the body of the sending thread. */
final class Sending implements Runnable {

    private final Sender sender;
    private final Spool spool;
    private final Server server;
    private final Timing timing;
    private final Leftovers leftovers;
    private final CompletableFuture<Void> firstAnswer = new CompletableFuture<>();
    private boolean complete;
    private Duration patience = Duration.ZERO;
    private boolean inTrouble;
    private volatile long lastProgress = System.nanoTime();
    private volatile boolean drained;
    private volatile String lastFailure = "";

    Sending(Sender sender, Spool spool, Server server, TrackingOptions options, Leftovers leftovers) {
        this.sender = sender;
        this.spool = spool;
        this.server = server;
        this.timing = options.timing();
        this.leftovers = leftovers;
    }

    /** Completes when the first thing was sent, or failed to be: then with a {@link ServerException}. */
    CompletableFuture<Void> firstAnswer() {
        return firstAnswer;
    }

    /**
     * Nothing more will be added: send the rest, and stop when that fails for too long.
     *
     * @param newPatience without progress
     */
    synchronized void complete(Duration newPatience) {
        complete = true;
        patience = newPatience;
        lastProgress = System.nanoTime();
        sender.showBars();
        notifyAll();
    }

    /** Whether the server has everything; known when the thread has ended. */
    boolean isDrained() {
        return drained;
    }

    /** Removes the spool: the server has everything. */
    void tidy() throws IOException {
        leftovers.tidy(spool, sender.damaged());
    }

    String serverUri() {
        return server.uri().toString();
    }

    /** Why the last attempt failed; empty if none did. */
    String lastFailure() {
        return lastFailure;
    }

    @Override
    public void run() {
        try (server;
                sender) {
            Duration retry = timing.firstRetry();
            while (true) {
                boolean nothingFollows = isComplete();
                try {
                    if (sender.sendNext(bytes -> lastProgress = System.nanoTime())) {
                        progressed();
                        retry = timing.firstRetry();
                    } else if (nothingFollows) {
                        drained = true;
                        return;
                    } else {
                        firstAnswer.complete(null);
                        sleepUnlessComplete(timing.batch());
                    }
                } catch (ServerException e) {
                    failed(e);
                    if (isHopeless(e)) {
                        return;
                    }
                    pause(retry);
                    retry = doubled(retry);
                }
            }
        } catch (IOException e) {
            lastFailure = "the spool cannot be read: " + e.getMessage();
            leftovers.tell("run " + spool.label() + ": " + lastFailure);
            firstAnswer.completeExceptionally(new ServerException(Kind.PASSING, lastFailure, e));
        } catch (InterruptedException e) {
            // Told to stop: what is left is on the disk.
            lastFailure = "interrupted";
        }
    }

    private void progressed() {
        lastProgress = System.nanoTime();
        lastFailure = "";
        firstAnswer.complete(null);
        if (inTrouble) {
            inTrouble = false;
            leftovers.tellAgain("run " + spool.label() + ": " + server.uri() + " takes data again");
        }
    }

    private void failed(ServerException failure) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        lastFailure = failure.getMessage();
        boolean isFirst = firstAnswer.completeExceptionally(failure);
        if (!inTrouble && !isFirst) {
            leftovers.tellAgain("run " + spool.label() + ": cannot log to " + server.uri() + ": " + failure.getMessage()
                    + "; training goes on, the data is kept and sent later");
        }
        inTrouble = true;
    }

    private Duration doubled(Duration retry) {
        Duration twice = retry.multipliedBy(2);
        return twice.compareTo(timing.lastRetry()) < 0 ? twice : timing.lastRetry();
    }

    private synchronized boolean isComplete() {
        return complete;
    }

    /** At the end, waiting helps only against what passes. */
    private synchronized boolean isHopeless(ServerException failure) {
        boolean passes = failure.kind() == Kind.PASSING;
        return complete && (!passes || System.nanoTime() - lastProgress > patience.toNanos());
    }

    private synchronized void sleepUnlessComplete(Duration duration) throws InterruptedException {
        long end = System.nanoTime() + duration.toNanos();
        for (long left = end - System.nanoTime(); left > 0 && !complete; left = end - System.nanoTime()) {
            wait(Math.max(1, left / 1_000_000));
        }
    }

    /** Sleeps; the news that nothing follows cuts it short, once. */
    private void pause(Duration duration) throws InterruptedException {
        if (isComplete()) {
            Thread.sleep(Math.max(1, Math.min(duration.toMillis(), shortPauseMillis())));
        } else {
            sleepUnlessComplete(duration);
        }
    }

    /** At the end a few attempts are to fit into the patience. */
    private synchronized long shortPauseMillis() {
        return patience.toMillis() / 4;
    }
}
