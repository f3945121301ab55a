package dev.switchlab.runs;

import com.google.common.util.concurrent.Uninterruptibles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * Samples the machine's load during a run and once at its end, so that short runs have a sample too. The step of a
 * sample is its number, as in MLflow.
 */
final class SystemMetrics implements AutoCloseable {
    /** Receives the metrics of a sample. */
    interface Sink {
        void accept(long sample, Map<String, Double> metrics);
    }

    private final Thread thread;
    /** Used instead of an interrupt, which the calls that measure the load would swallow. */
    private final CountDownLatch ended = new CountDownLatch(1);

    /**
     * Starts sampling.
     *
     * @param folder on the disk whose use is reported
     * @param interval between samples; zero for no samples
     */
    SystemMetrics(Path folder, Duration interval, long firstSample, Sink sink) {
        this.thread = new Thread(() -> sample(new MachineLoad(folder), interval, firstSample, sink), "system-metrics");
        thread.setDaemon(true);
        if (!interval.isZero()) {
            thread.start();
        }
    }

    private void sample(MachineLoad load, Duration interval, long firstSample, Sink sink) {
        boolean last = false;
        for (long sample = firstSample; !last; sample++) {
            last = Uninterruptibles.awaitUninterruptibly(ended, interval);
            try {
                sink.accept(sample, load.sample());
            } catch (BookException e) {
                return; // the next call that logs throws it, too
            }
        }
    }

    /** Takes a last sample and stops. */
    @Override
    public void close() {
        ended.countDown();
        Uninterruptibles.joinUninterruptibly(thread);
    }
}
