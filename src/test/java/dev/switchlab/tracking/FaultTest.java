package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.tracking.FaultyProxy.Fault;
import java.net.URI;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever happens between the run log and a real server process, the server has everything once in the end. */
@Timeout(120)
final class FaultTest extends AgainstServerProcess {
    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"NONE", "LATE", "REFUSED_400_AFTER"},
            mode = EnumSource.Mode.EXCLUDE)
    void halfOfTheRequestsFail(Fault fault) throws Exception {
        boolean silent =
                Set.of(Fault.TOO_MANY_429, Fault.HANG_BEFORE, Fault.HANG_AFTER).contains(fault);
        try (FaultyProxy proxy = new FaultyProxy(direct);
                TrackingStore store = patient(proxy.uri(), silent ? SHORT : LONG)) {
            // The official client repeats a failed request up to twice; so whole calls fail, and others succeed later.
            proxy.plan((method, path, number) -> number % 8 < 4 ? fault : Fault.NONE);
            MlflowRunLog log = store.startRun(TestRuns.info());
            log(log, 1, 200);
            log.text("samples/a.txt", "text of samples/a.txt");
            log.sync();
            log(log, 201, 300);
            log.text("b.txt", "text of b.txt");
            log.finish(RunStatus.FINISHED);
            assertWhole(log.runId(), 300);
            assertThat(proxy.seen()).allSatisfy(seen -> assertThat(seen.bytes()).isLessThan(1_000_000));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"CUT_AFTER", "ERROR_500_AFTER", "HANG_AFTER", "DUPLICATE"})
    void aRunIsCreatedOnceAlthoughTheAnswerIsLostOrTheRequestDoubled(Fault fault) throws Exception {
        try (FaultyProxy proxy = new FaultyProxy(direct);
                TrackingStore store = patient(proxy.uri(), fault == Fault.HANG_AFTER ? SHORT : LONG)) {
            proxy.plan((method, path, number) -> path.endsWith("runs/create") ? fault : Fault.NONE);
            MlflowRunLog log = store.startRun(TestRuns.info());
            log(log, 1, 5);
            log.finish(RunStatus.FINISHED);
            assertThat(proxy.seen())
                    .filteredOn(seen -> seen.path().endsWith("runs/create"))
                    .hasSize(1);
            assertWhole(log.runId(), 5);
        }
    }

    @Test
    void aCreationThatArrivesAfterItWasRepeatedLeavesNoTwin() throws Exception {
        try (FaultyProxy proxy = new FaultyProxy(direct);
                TrackingStore store = patient(proxy.uri(), SHORT)) {
            AtomicInteger creations = new AtomicInteger();
            proxy.plan((method, path, number) ->
                    path.endsWith("runs/create") && creations.incrementAndGet() == 1 ? Fault.LATE : Fault.NONE);
            MlflowRunLog log = store.startRun(TestRuns.info());
            log(log, 1, 5);
            waitFor(() -> creations.get() == 2);
            proxy.letGo();
            log.finish(RunStatus.FINISHED);
            assertWhole(log.runId(), 5);
        }
    }

    @Test
    void aServerThatIsDownAtTheStartGetsTheRunLater() throws Exception {
        int port = FaultyProxy.freePort();
        URI uri = URI.create("http://127.0.0.1:" + port);
        String id;
        long started = System.currentTimeMillis();
        try (TrackingStore store = hasty(uri, LONG)) {
            MlflowRunLog log = store.startRun(TestRuns.info());
            id = log.runId();
            log(log, 1, 50);
            log.text("samples/a.txt", "text of samples/a.txt");
            log.finish(RunStatus.FINISHED);
            assertThat(store.unsent()).singleElement().satisfies(unsent -> {
                assertThat(unsent.id()).isEqualTo(id);
                assertThat(unsent.isLive()).isFalse();
            });
        }
        long ended = System.currentTimeMillis();
        assertThat(notices.all()).hasSize(2);
        assertThat(notices.all().get(0))
                .startsWith("MLflow server " + uri + ": nothing answers there (connection refused); training goes on")
                .endsWith("make flush RUN=" + id);
        assertThat(notices.all().get(1)).contains("not everything could be sent", "make flush RUN=" + id);

        try (FaultyProxy proxy = new FaultyProxy(direct, port);
                TrackingStore store = patient(proxy.uri())) {
            String runId = store.flush(id.substring(0, 10));
            assertThat(runId).isNotEqualTo(id);
            assertThat(store.findRun(id).runId()).isEqualTo(runId);
            assertThat(store.findRun(id).start().toEpochMilli()).isBetween(started, ended);
            assertThat(store.findRun(id).end().orElseThrow().toEpochMilli()).isBetween(started, ended);
            assertThat(store.history(runId, "train/loss"))
                    .allSatisfy(point -> assertThat(point.time()).isBetween(started, ended));
            assertThat(store.unsent()).isEmpty();
        }
        assertWhole(id, 50);
    }

    @Test
    void aServerThatComesUpDuringTheRunGetsEverything() throws Exception {
        int port = FaultyProxy.freePort();
        try (TrackingStore store = patient(URI.create("http://127.0.0.1:" + port))) {
            MlflowRunLog log = store.startRun(TestRuns.info());
            log(log, 1, 50);
            try (FaultyProxy proxy = new FaultyProxy(direct, port)) {
                log(log, 51, 100);
                log.finish(RunStatus.FINISHED);
                assertThat(proxy.seen()).isNotEmpty();
                assertWhole(log.runId(), 100);
            }
        }
        assertThat(notices.all()).hasSize(2);
        assertThat(notices.all().get(1)).endsWith("takes data again");
    }

    @Test
    void aSilentServerStopsNeitherStepsNorTheEnd() throws Exception {
        try (FaultyProxy proxy = new FaultyProxy(direct);
                TrackingStore store = hasty(proxy.uri(), SHORT)) {
            proxy.plan((method, path, number) -> Fault.HANG_BEFORE);
            MlflowRunLog log = store.startRun(TestRuns.info());
            // More than any queue holds: a step that waited for the server would wait for ever.
            log(log, 1, 5000);
            log.finish(RunStatus.FINISHED);
            assertThat(notices.all().get(0)).contains("no answer within 0.25 s");
            proxy.plan((method, path, number) -> Fault.NONE);
            store.flush(log.runId());
            assertWhole(log.runId(), 5000);
        }
    }

    @Test
    void aRunDeletedInTheMiddleIsKeptUntilItIsRestored() throws Exception {
        RestProbe probe = new RestProbe(direct);
        String runId;
        try (TrackingStore store = hasty(direct, LONG)) {
            MlflowRunLog log = store.startRun(TestRuns.info());
            runId = log.runId();
            probe.post("/api/2.0/mlflow/runs/delete", "{\"run_id\":\"" + runId + "\"}");
            log(log, 1, 10);
            log.finish(RunStatus.FINISHED);
            assertThat(notices.all().get(0)).contains("its run " + runId + " is deleted; restore it there");
            probe.post("/api/2.0/mlflow/runs/restore", "{\"run_id\":\"" + runId + "\"}");
            store.flush(runId);
        }
        assertWhole(runId, 10);
    }

    @Test
    void whatAServerRefusesAlthoughItHasItIsNotCalledRejected() throws Exception {
        try (FaultyProxy proxy = new FaultyProxy(direct);
                TrackingStore store = patient(proxy.uri())) {
            proxy.plan((method, path, number) -> path.endsWith("log-batch") ? Fault.REFUSED_400_AFTER : Fault.NONE);
            MlflowRunLog log = store.startRun(TestRuns.info());
            log(log, 1, 2);
            log.metrics(3, Map.of("odd", Double.NaN, "train/loss", 1.0 / 3, "train/grad_norm", 3.0));
            log.finish(RunStatus.FINISHED);
            assertThat(notices.all()).isEmpty();
            assertThat(runs.resolve("rejected")).doesNotExist();
            assertThat(store.history(log.runId(), "odd"))
                    .singleElement()
                    .satisfies(point -> assertThat(point.value()).isNaN());
            assertWhole(log.runId(), 3);
        }
    }
}
