package dev.switchlab.cli;

import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/**
 * Ctrl-C (or SIGTERM) asks for a stop and then waits until the work has ended in good order: a native step must not be cut off, and
 * what was reached has to be saved.
 */
final class StopOnSignal implements BooleanSupplier, AutoCloseable {

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stop, "stop-on-signal");
    private final CountDownLatch asked = new CountDownLatch(1);
    private final String notice;
    private volatile boolean requested;

    /** For training. */
    static StopOnSignal ofTraining() {
        return new StopOnSignal("stopping: the step in progress is finished and saved ...");
    }

    /** With what is said when a stop is asked for. */
    StopOnSignal(String notice) {
        this.notice = notice;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void stop() {
        requested = true;
        System.out.println();
        System.out.println(notice);
        asked.countDown();
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until a stop is asked for. */
    void await() {
        try {
            asked.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether a stop was asked for. */
    @Override
    public boolean getAsBoolean() {
        return requested;
    }

    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            requested = true; // The JVM is on its way down and the hook is running: nothing to take back.
        }
    }
}
