package dev.switchlab.runs;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Samples the machine's load while a run goes on, and once more at its end, so that short runs have a sample, too. As
 * MLflow does, a metric's step is the number of its sample.
 */
final class SystemMetrics implements AutoCloseable {
    /** Takes a sample's metrics. */
    interface Sink {
        void accept(long sample, Map<String, Double> metrics);
    }

    private final Thread thread;
    /** Not an interrupt: the programs that the load is asked of would swallow it. */
    private final CountDownLatch ended = new CountDownLatch(1);

    private SystemMetrics(Path folder, Duration interval, long firstSample, Sink sink) {
        this.thread = new Thread(() -> sample(new MachineLoad(folder), interval, firstSample, sink), "system-metrics");
        thread.setDaemon(true);
    }

    /**
     * Begins to sample.
     *
     * @param folder on the disk whose use is told
     * @param interval between samples; zero for none at all
     */
    static SystemMetrics start(Path folder, Duration interval, long firstSample, Sink sink) {
        SystemMetrics metrics = new SystemMetrics(folder, interval, firstSample, sink);
        if (!interval.isZero()) {
            metrics.thread.start();
        }
        return metrics;
    }

    private void sample(MachineLoad load, Duration interval, long firstSample, Sink sink) {
        boolean last = false;
        for (long sample = firstSample; !last; sample++) {
            try {
                last = ended.await(interval.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                return; // the process ends
            }
            try {
                sink.accept(sample, load.sample());
            } catch (BookException e) {
                return; // the next call that logs throws it, too
            }
        }
    }

    /** Takes the last sample. */
    @Override
    public void close() {
        ended.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
