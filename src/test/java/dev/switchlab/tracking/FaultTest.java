package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.tracking.FaultyProxy.Fault;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever happens between the run log and a real server process, the server has everything once in the end. */
@Timeout(120)
final class FaultTest {
    /** Time-out of calls where the server is silent on purpose. */
    private static final Duration SHORT = Duration.ofMillis(250);

    /** Time-out of calls where only a very busy machine would reach it. */
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    private static Path serverRuns;

    private static OtherProcess server;
    private static URI direct;

    @TempDir
    private Path runs;

    private final Notices notices = new Notices();

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
    private TrackingStore patient(URI uri, Duration call) {
        return TrackingStore.open(
                Optional.of(uri), runs, TestOptions.of(Credentials.none(), call, Duration.ofSeconds(60), notices));
    }

    private TrackingStore patient(URI uri) {
        return patient(uri, LONG);
    }

    /** A store that gives up soon at the end. */
    private TrackingStore hasty(URI uri, Duration call) {
        return TrackingStore.open(Optional.of(uri), runs, TestOptions.of(Credentials.none(), call, SHORT, notices));
    }

    private static void log(RunLog log, int from, int to) {
        for (int step = from; step <= to; step++) {
            log.metrics(step, Map.of("train/loss", 1.0 / step, "train/grad_norm", (double) step));
        }
    }

    /** Asserts that there is one run with our key, and that it has each point of steps 1 to {@code last} once. */
    private void assertWhole(String id, int last) throws Exception {
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

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"NONE", "LATE"},
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
    void artifactsOfAServerWithoutProxyStayHere() throws Exception {
        try (FaultyProxy proxy = new FaultyProxy(direct);
                TrackingStore store = patient(proxy.uri())) {
            proxy.changeAnswers(json -> json.replace("mlflow-artifacts:/", "s3://bucket/"));
            MlflowRunLog log = store.startRun(TestRuns.info());
            log(log, 1, 3);
            log.text("samples/a.txt", "one");
            log.text("samples/b.txt", "two");
            log.finish(RunStatus.FINISHED);
            assertThat(runs.resolve("local-artifacts").resolve(log.runId()).resolve("samples/a.txt"))
                    .hasContent("one");
            assertThat(notices.all()).singleElement().asString().contains("artifacts stay in", "s3://bucket/");
            Path back = runs.resolve("back");
            store.download(log.runId(), "samples/b.txt", back);
            assertThat(back).hasContent("two");
            assertThat(proxy.seen()).noneMatch(seen -> seen.method().equals("PUT"));
            assertWhole(log.runId(), 3);
        }
    }

    @Test
    void aLargeUploadCutInTheMiddleIsRepeated() throws Exception {
        byte[] bytes = new byte[20_000_000];
        new Random(3).nextBytes(bytes);
        Path file = Files.write(runs.resolve("large"), bytes);
        try (FaultyProxy proxy = new FaultyProxy(direct);
                TrackingStore store = patient(proxy.uri())) {
            AtomicInteger puts = new AtomicInteger();
            proxy.plan((method, path, number) ->
                    method.equals("PUT") && puts.incrementAndGet() < 3 ? Fault.CUT_BEFORE : Fault.NONE);
            MlflowRunLog log = store.startRun(TestRuns.info());
            log.file("weights/large.bin", file);
            log.finish(RunStatus.FINISHED);
            Path back = runs.resolve("back");
            store.download(log.runId(), "weights/large.bin", back);
            assertThat(back).hasBinaryContent(bytes);
        }
    }

    private static void waitFor(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(10);
        }
    }
}
