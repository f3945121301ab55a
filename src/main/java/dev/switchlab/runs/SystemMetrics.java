package dev.switchlab.runs;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Samples the machine's load while a run goes on, and once more at its end, so that short runs have a sample, too. As MLflow does, a
 * metric's step is the number of its sample.
 */
final class SystemMetrics implements AutoCloseable {
    /** Takes a sample's metrics. */
    interface Sink {
        void accept(long sample, Map<String, Double> metrics);
    }

    private final Thread thread;
    private volatile boolean ends;

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
        for (long sample = firstSample; !ends; sample++) {
            try {
                Thread.sleep(interval.toMillis());
            } catch (InterruptedException e) {
                // The run ends: one last sample.
                ends = true;
            }
            try {
                sink.accept(sample, load.sample());
            } catch (BookException e) {
                return; // who logs is told
            }
        }
    }

    /** Takes the last sample. */
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
