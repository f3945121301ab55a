package dev.switchlab.tracking;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** Samples the machine's load while a run goes on. As MLflow does, a metric's step is the number of its sample. */
final class SystemMetrics implements AutoCloseable {
    /** Takes a sample's metrics. */
    interface Sink {
        void accept(long sample, Map<String, Double> metrics);
    }

    private final Thread thread;

    private SystemMetrics(Thread thread) {
        this.thread = thread;
    }

    /**
     * Begins to sample.
     *
     * @param folder on the disk whose use is told
     * @param interval between samples; zero for none at all
     */
    static SystemMetrics start(Path folder, Duration interval, long firstSample, Sink sink) {
        Thread thread = new Thread(() -> sample(folder, interval, firstSample, sink), "run-log-system-metrics");
        thread.setDaemon(true);
        if (!interval.isZero()) {
            thread.start();
        }
        return new SystemMetrics(thread);
    }

    private static void sample(Path folder, Duration interval, long firstSample, Sink sink) {
        try {
            MachineLoad load = new MachineLoad(folder);
            for (long sample = firstSample; ; sample++) {
                Thread.sleep(interval.toMillis());
                sink.accept(sample, load.sample());
            }
        } catch (InterruptedException e) {
            // The run ends.
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
