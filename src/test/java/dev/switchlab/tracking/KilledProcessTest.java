package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Server or logging process killed by {@code kill -9}: nothing is lost. */
@Timeout(120)
final class KilledProcessTest extends AgainstServerProcess {
    @Test
    void aServerProcessKilledInTheMiddleLosesNothing(@TempDir Path folder) throws Exception {
        OtherProcess first = OtherProcess.server(folder);
        try (FaultyProxy proxy = new FaultyProxy(first.uri());
                TrackingStore store = patient(proxy.uri())) {
            MlflowRunLog log = store.startRun(TestRuns.info());
            log(log, 1, 100);
            waitFor(() -> proxy.seen().stream().anyMatch(seen -> seen.path().endsWith("log-batch")));
            first.kill();
            log(log, 101, 200);
            try (OtherProcess second = OtherProcess.server(folder)) {
                proxy.target(second.uri());
                log(log, 201, 300);
                log.finish(RunStatus.FINISHED);
                assertThat(store.findRun(log.runId()).status()).isEqualTo("FINISHED");
                assertThat(store.history(log.runId(), "train/loss"))
                        .extracting(MetricPoint::step)
                        .containsExactlyInAnyOrderElementsOf(
                                LongStream.rangeClosed(1, 300).boxed().toList());
            }
        }
    }

    @Test
    void aLoggingProcessKilledLosesNothing() throws Exception {
        for (Optional<URI> uri : List.of(Optional.of(direct), Optional.of(URI.create("http://127.0.0.1:1")))) {
            String id;
            int last = 0;
            try (OtherProcess process = OtherProcess.logging(runs, uri)) {
                id = process.line();
                while (last < 500) {
                    last = Integer.parseInt(process.line());
                }
                process.kill();
            }
            assertKilledRunIsWhole(id, last);
        }
    }

    private void assertKilledRunIsWhole(String id, int last) throws Exception {
        try (TrackingStore store = patient(direct)) {
            assertThat(store.unsent())
                    .singleElement()
                    .satisfies(unsent -> assertThat(unsent.isLive()).isFalse());
            String runId = store.flush(id);
            TrackedRun run = store.findRun(runId);
            assertThat(run.status()).isEqualTo("FAILED");
            List<MetricPoint> points = store.history(runId, "train/loss");
            assertThat(points.size()).isGreaterThanOrEqualTo(last);
            assertThat(points)
                    .extracting(MetricPoint::step)
                    .containsExactlyInAnyOrderElementsOf(
                            LongStream.rangeClosed(1, points.size()).boxed().toList());
            assertThat(store.unsent()).isEmpty();
        }
    }

    @Test
    void aKilledProcessWithTheEmbeddedStoreLosesNothing() throws Exception {
        String id;
        int last = 0;
        try (OtherProcess process = OtherProcess.logging(runs, Optional.empty())) {
            id = process.line();
            while (last < 500) {
                last = Integer.parseInt(process.line());
            }
        }
        try (TrackingStore store = TrackingStore.open(Optional.empty(), runs, TestOptions.quick(notices))) {
            store.flush(id);
            assertThat(store.findRun(id).status()).isEqualTo("FAILED");
            assertThat(store.history(id, "train/loss"))
                    .extracting(MetricPoint::step)
                    .containsAll(LongStream.rangeClosed(1, last).boxed().toList())
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void theSpoolOfALivingRunIsLeftAlone() throws Exception {
        try (TrackingStore store = patient(direct);
                MlflowRunLog log = store.startRun(TestRuns.info())) {
            assertThat(store.unsent())
                    .singleElement()
                    .satisfies(unsent -> assertThat(unsent.isLive()).isTrue());
            assertThatThrownBy(() -> store.flush(log.runId()))
                    .isInstanceOf(TrackingException.class)
                    .hasMessage(
                            "run " + log.runId() + ": its process is still running, and sends what it logs by itself");
        }
        try (OtherProcess process = OtherProcess.logging(runs, Optional.of(direct));
                TrackingStore store = patient(direct)) {
            String id = process.line();
            assertThatThrownBy(() -> store.flush(id))
                    .isInstanceOf(TrackingException.class)
                    .hasMessageContaining("its process is still running");
        }
    }
}
