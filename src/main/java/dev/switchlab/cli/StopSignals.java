package dev.switchlab.cli;

import dev.switchlab.distributed.ProcessGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.jline.utils.Signals;

/**
 * Ctrl-C (SIGINT) and SIGTERM as requests to a process that waits for other processes: the first asks for an end in
 * good order, the second for an end at once.
 */
final class StopSignals implements AutoCloseable {

    private static final List<String> SIGNALS = List.of("INT", "TERM");
    private static final int BY_SIGNAL = 128;

    private final AtomicInteger count = new AtomicInteger();
    private final List<Object> before;
    private volatile int code;

    /** @param requested takes the number of signals so far, on a thread of its own */
    StopSignals(IntConsumer requested) {
        before = SIGNALS.stream()
                .map(name -> Signals.register(name, () -> {
                    code = BY_SIGNAL + (name.equals("INT") ? 2 : 15);
                    requested.accept(count.incrementAndGet());
                }))
                .toList();
    }

    /** The exit code that shells use for the last signal; 0 if there was none. */
    int exitCode() {
        return code;
    }

    @Override
    public void close() {
        for (int i = 0; i < SIGNALS.size(); i++) {
            Signals.unregister(SIGNALS.get(i), before.get(i));
        }
    }

    /** Calls once standard input has ended: the process that held it open wants an end in good order, or is dead. */
    static void onEndOfInput(Runnable action) {
        Thread watch = new Thread(
                () -> {
                    try {
                        while (System.in.read() >= 0) {
                            // Only the end counts.
                        }
                    } catch (IOException e) {
                        // As good as the end.
                    }
                    action.run();
                },
                "standard-input");
        watch.setDaemon(true);
        watch.start();
    }

    /**
     * A stop of the training in this process. A signal asks for the stop and then waits until the training has ended: a
     * native step must not be cut off, and what was reached has to be saved.
     */
    static final class OfTraining implements BooleanSupplier, AutoCloseable {

        /** How long a step may still take. */
        private static final Duration PATIENCE = Duration.ofSeconds(20);

        private final CountDownLatch done = new CountDownLatch(1);
        private final Thread hook;
        private volatile boolean requested;

        /** @param announce called when a signal arrives */
        OfTraining(ProcessGroup world, Runnable announce) {
            hook = new Thread(() -> stop(world, announce), "stop-on-signal");
            Runtime.getRuntime().addShutdownHook(hook);
        }

        private void stop(ProcessGroup world, Runnable announce) {
            requested = true;
            announce.run();
            // A signal may also mean that another rank is dead: then the step can never be finished.
            world.hurry(PATIENCE);
            try {
                done.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void request() {
            requested = true;
        }

        /** Whether a stop was requested. */
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
                requested = true; // The JVM is shutting down and the hook is running.
            }
        }
    }
}
