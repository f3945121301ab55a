package dev.switchlab.tracking;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Writes to a spool on a thread of its own. Between the callers and that thread is a queue of {@value #QUEUE} pieces of work; a caller
 * waits only where the local disk stands still for so long that it fills.
 */
final class SpoolWriter {
    private static final System.Logger LOG = System.getLogger(SpoolWriter.class.getName());
    private static final int QUEUE = 1024;

    /** A piece of work for the writing thread. */
    interface Work {
        void run() throws IOException;
    }

    private record Entry(Work work, Optional<CountDownLatch> done, boolean isLast) {
        static Entry of(Work work) {
            return new Entry(work, Optional.empty(), false);
        }
    }

    private final Spool spool;
    private final long forceNanos;
    private final BlockingQueue<Entry> queue = new ArrayBlockingQueue<>(QUEUE);
    private final Thread thread = new Thread(this::write, "run-log-spool");
    private volatile IOException failure;
    private volatile boolean closed;

    /** @param force the journal is forced to the disk so often while it grows */
    SpoolWriter(Spool spool, Duration force) {
        this.spool = spool;
        this.forceNanos = force.toNanos();
        thread.start();
    }

    void append(List<Event> events) {
        put(() -> spool.journal().append(events));
    }

    void put(Work work) {
        put(Entry.of(work));
    }

    /** Adds events that are not worth waiting for: drops them where the queue is full. */
    void offer(List<Event> events) {
        Entry entry = Entry.of(() -> spool.journal().append(events));
        boolean taken = closed || queue.offer(entry);
        if (!taken) {
            LOG.log(Level.DEBUG, "the disk is too slow: a sample was dropped");
        }
    }

    private void put(Entry entry) {
        requireHealthy();
        if (closed) {
            throw new IllegalStateException("the run has ended");
        }
        try {
            queue.put(entry);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Waits until everything put so far is written. */
    void sync() {
        CountDownLatch written = new CountDownLatch(1);
        put(new Entry(() -> {}, Optional.of(written), false));
        try {
            written.await();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        requireHealthy();
    }

    private static TrackingException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new TrackingException("interrupted while logging", e);
    }

    /**
     * A disk that takes no more is no server that comes back: going on would lose what is logged.
     *
     * @throws TrackingException if writing has failed
     */
    void requireHealthy() {
        IOException cause = failure;
        if (cause != null) {
            throw new TrackingException(
                    "cannot write to " + spool.folder() + ": " + cause.getMessage()
                            + "; what was logged before is kept there",
                    cause);
        }
    }

    private void write() {
        long lastForce = System.nanoTime();
        boolean dirty = false;
        try {
            while (true) {
                Entry entry = queue.poll(forceNanos, TimeUnit.NANOSECONDS);
                if (entry != null) {
                    if (failure == null) {
                        run(entry.work());
                        dirty = true;
                    }
                    entry.done().ifPresent(CountDownLatch::countDown);
                }
                boolean last = entry != null && entry.isLast();
                if (dirty && failure == null && (last || System.nanoTime() - lastForce > forceNanos)) {
                    run(spool.journal()::force);
                    dirty = false;
                    lastForce = System.nanoTime();
                }
                if (last) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            failure = new IOException("the writing thread was interrupted", e);
        }
    }

    private void run(Work work) {
        try {
            work.run();
        } catch (IOException e) {
            failure = e;
        }
    }

    /** Writes what was put, forces it to the disk, and ends. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        boolean interrupted = false;
        boolean ending = false;
        while (true) {
            try {
                if (!ending) {
                    queue.put(new Entry(() -> {}, Optional.empty(), true));
                    ending = true;
                }
                thread.join();
                break;
            } catch (InterruptedException e) {
                // The disk is local and the work is short: finish it, then be interrupted.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
