package dev.switchlab.runs;

import com.google.common.util.concurrent.Uninterruptibles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

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
    /** Not an interrupt: the programs that report the load would swallow it. */
    private final CountDownLatch ended = new CountDownLatch(1);

    /**
     * Begins to sample.
     *
     * @param folder on the disk whose use is reported
     * @param interval between samples; zero for none at all
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

    /** Takes the last sample. */
    @Override
    public void close() {
        ended.countDown();
        Uninterruptibles.joinUninterruptibly(thread);
    }
}
