package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** A real server process for tests, and stores whose way to it can be disturbed. */
abstract class AgainstServerProcess {
    /** Time-out of calls where the server is silent on purpose. */
    static final Duration SHORT = Duration.ofMillis(250);

    /** Time-out of calls where only a very busy machine would reach it. */
    static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    private static Path serverRuns;

    private static OtherProcess server;
    static URI direct;

    @TempDir
    Path runs;

    final Notices notices = new Notices();

    @BeforeAll
    static void startServer() throws Exception {
        server = OtherProcess.server(serverRuns);
        direct = server.uri();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    /**
     * A store that does not give up at the end.
     *
     * @param call longest time of a call
     */
    TrackingStore patient(URI uri, Duration call) {
        return TrackingStore.open(
                Optional.of(uri), runs, TestOptions.of(Credentials.none(), call, Duration.ofSeconds(60), notices));
    }

    TrackingStore patient(URI uri) {
        return patient(uri, LONG);
    }

    /** A store that gives up soon at the end. */
    TrackingStore hasty(URI uri, Duration call) {
        return TrackingStore.open(Optional.of(uri), runs, TestOptions.of(Credentials.none(), call, SHORT, notices));
    }

    static void log(RunLog log, int from, int to) {
        for (int step = from; step <= to; step++) {
            log.metrics(step, Map.of("train/loss", 1.0 / step, "train/grad_norm", (double) step));
        }
    }

    /** Asserts that there is one run with our key, and that it has each point of steps 1 to {@code last} once. */
    void assertWhole(String id, int last) throws Exception {
        try (TrackingStore store = TrackingStore.open(Optional.of(direct), runs, TestOptions.quick(notices))) {
            TrackedRun run = store.findRun(id);
            String key = run.tags().get(RunCreation.KEY_TAG);
            assertThat(store.runs(Optional.of("smoke"), 1000))
                    .filteredOn(other -> other.tags().get(RunCreation.KEY_TAG).equals(key))
                    .hasSize(1);
            assertThat(run.status()).isEqualTo("FINISHED");
            assertThat(run.params()).isEqualTo(TestRuns.info().params());
            assertThat(run.tags()).containsEntry("corpus", "dickens").containsEntry("mlflow.runName", "smoke seed 1");
            List<MetricPoint> points = store.history(run.runId(), "train/loss");
            assertThat(points)
                    .extracting(MetricPoint::step)
                    .containsExactlyInAnyOrderElementsOf(
                            LongStream.rangeClosed(1, last).boxed().toList());
            assertThat(points).allSatisfy(point -> assertThat(point.value()).isEqualTo(1.0 / point.step()));
            assertThat(store.history(run.runId(), "train/grad_norm")).hasSize(last);
            for (String artifact : store.artifacts(run.runId())) {
                Path back = runs.resolve("back");
                store.download(run.runId(), artifact, back);
                assertThat(back).hasContent("text of " + artifact);
            }
            String json = new RestProbe(direct).get("/api/2.0/mlflow/runs/get?run_id=" + run.runId());
            assertThat(json.split("\"digest\"", -1)).hasSize(2);
        }
        assertThat(runs.resolve("spool")).isEmptyDirectory();
    }

    static void waitFor(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(10);
        }
    }
}
