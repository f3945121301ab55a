package dev.switchlab.cli;

import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/**
 * Ctrl-C (or SIGTERM) asks for a stop and then waits until the training has ended in good order: a native step must not be cut off, and
 * what was reached has to be saved.
 */
final class StopOnSignal implements BooleanSupplier, AutoCloseable {

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stop, "stop-on-signal");
    private volatile boolean requested;

    /** Listens from now on. */
    StopOnSignal() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void stop() {
        requested = true;
        System.out.println();
        System.out.println("stopping: the step in progress is finished and saved ...");
        try {
            done.await();
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
