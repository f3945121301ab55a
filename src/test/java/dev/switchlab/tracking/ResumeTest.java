package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that was cut off goes on in the same run, with each step's points once. */
final class ResumeTest {
    @TempDir
    private Path runs;

    private final Notices notices = new Notices();

    @Test
    void stepsTakenAgainAfterTheCheckpointAreNotStoredTwice() throws Exception {
        String id;
        int last = 0;
        try (OtherProcess process = OtherProcess.logging(runs, Optional.empty())) {
            id = process.line();
            while (last < 100) {
                last = Integer.parseInt(process.line());
            }
        }
        int checkpoint = last - 30;
        try (TrackingStore store = TrackingStore.open(Optional.empty(), runs, TestOptions.quick(notices))) {
            MlflowRunLog log = store.resumeRun(id, checkpoint);
            assertThat(log.runId()).isEqualTo(id);
            int reached = store.history(id, "train/loss").size();
            assertThat(reached).isGreaterThanOrEqualTo(last);
            for (int step = checkpoint + 1; step <= reached + 50; step++) {
                log.metrics(step, Map.of("train/loss", 1.0 / step, "train/grad_norm", step * 0.5));
            }
            log.finish(RunStatus.FINISHED);
            assertThat(store.findRun(id).status()).isEqualTo("FINISHED");
            for (String key : new String[] {"train/loss", "train/grad_norm"}) {
                assertThat(store.history(id, key))
                        .extracting(MetricPoint::step)
                        .doesNotHaveDuplicates()
                        .hasSize(reached + 50)
                        .contains(1L, (long) checkpoint, reached + 50L);
            }
            assertThat(store.unsent()).isEmpty();
        }
    }

    @Test
    void aRunningRunShowsAsRunningAgainAndSystemMetricsGoOnCounting() {
        try (TrackingStore store = TrackingStore.open(Optional.empty(), runs, TestOptions.quick(notices))) {
            MlflowRunLog log = store.startRun(TestRuns.info());
            log.metrics(0, Map.of("system/cpu_utilization_percentage", 1.0));
            log.metrics(1, Map.of("system/cpu_utilization_percentage", 1.0));
            log.close();
            assertThat(store.findRun(log.runId()).status()).isEqualTo("FAILED");

            MlflowRunLog again = store.resumeRun(log.runId(), 0);
            while (!store.findRun(log.runId()).status().equals("RUNNING")) {
                Thread.onSpinWait();
            }
            again.finish(RunStatus.FINISHED);
            assertThat(store.findRun(log.runId()).status()).isEqualTo("FINISHED");
            assertThatThrownBy(() -> store.resumeRun("0123456789abcdef0123456789abcdef", 0))
                    .isInstanceOf(TrackingException.class)
                    .hasMessageContaining("there is none");
        }
    }
}
