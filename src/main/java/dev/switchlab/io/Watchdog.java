package dev.switchlab.io;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Waits for calls that may hang, one at a time and only so long. They run on a daemon thread of their own. A call that
 * takes too long is interrupted and left behind, so whoever made it gives up what it works on; the next call gets a new
 * thread.
 */
public final class Watchdog implements AutoCloseable {

    private final String name;
    private final Duration limit;
    private ExecutorService thread;

    /**
     * A watchdog.
     *
     * @param name of its thread
     * @param limit how long a call may take
     */
    public Watchdog(String name, Duration limit) {
        this.name = name;
        this.limit = limit;
    }

    /**
     * Calls and waits.
     *
     * @throws TimeoutException if the limit is over
     * @throws ExecutionException with what the call threw
     * @throws InterruptedException if the waiting thread is interrupted; the call is left behind, too
     */
    public synchronized <T> T call(Callable<T> call) throws TimeoutException, ExecutionException, InterruptedException {
        if (thread == null) {
            thread = Executors.newSingleThreadExecutor(task -> {
                Thread made = new Thread(task, name);
                made.setDaemon(true);
                return made;
            });
        }
        Future<T> result = thread.submit(call);
        boolean returned = false;
        try {
            T value = result.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            returned = true;
            return value;
        } catch (ExecutionException e) {
            returned = true;
            throw e;
        } finally {
            if (!returned) {
                close();
            }
        }
    }

    /** Interrupts what is under way. */
    @Override
    public synchronized void close() {
        if (thread != null) {
            thread.shutdownNow();
            thread = null;
        }
    }
}
