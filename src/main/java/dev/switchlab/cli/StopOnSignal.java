package dev.switchlab.cli;

import dev.switchlab.world.World;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/**
 * Ctrl-C (or SIGTERM) asks for a stop and then waits until the training has ended in good order: a native step must not
 * be cut off, and what was reached has to be saved.
 */
final class StopOnSignal implements BooleanSupplier, AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stop, "stop-on-signal");
    private final World world;
    private final boolean quiet;
    private volatile boolean requested;

    private StopOnSignal(World world, boolean quiet) {
        this.world = world;
        this.quiet = quiet;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Listens from now on; also to the end of standard input, where that is held open by whoever started the ranks. */
    static StopOnSignal listening(World world) {
        StopOnSignal stop = new StopOnSignal(world, false);
        if (System.getenv(RankOptions.WATCH_INPUT) != null) {
            Thread watch = new Thread(stop::watchInput, "standard-input");
            watch.setDaemon(true);
            watch.start();
        }
        return stop;
    }

    /** The same without a word, on a rank other than the first. */
    static StopOnSignal quiet(World world) {
        return new StopOnSignal(world, true);
    }

    private void watchInput() {
        try {
            while (System.in.read() >= 0) {
                // Only its end counts.
            }
        } catch (IOException e) {
            // Nobody is there either.
        }
        requested = true;
    }

    private void stop() {
        requested = true;
        if (!quiet) {
            System.out.println();
            System.out.println("stopping: the step in progress is finished and saved ...");
        }
        // A signal may also mean that another rank is dead: then the step can never be finished.
        world.hurry(PATIENCE);
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
