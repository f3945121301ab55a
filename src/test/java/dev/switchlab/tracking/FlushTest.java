package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.tracking.store.StoreConfig;
import dev.switchlab.tracking.store.TrackingServer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run left behind goes where it belongs, or is refused in one line. */
final class FlushTest {
    @TempDir
    private Path runs;

    @TempDir
    private Path serverRuns;

    private final Notices notices = new Notices();
    private URI down;
    private String id;

    /** A run that never reached its server. */
    @BeforeEach
    void leaveARunBehind() throws Exception {
        down = URI.create("http://127.0.0.1:" + FaultyProxy.freePort());
        try (TrackingStore store = store(Optional.of(down))) {
            MlflowRunLog log = store.startRun(TestRuns.info());
            id = log.runId();
            for (int step = 1; step <= 3; step++) {
                log.metrics(step, Map.of("train/loss", 1.0 / step));
            }
            log.finish(RunStatus.FINISHED);
        }
    }

    private TrackingStore store(Optional<URI> uri) {
        return TrackingStore.open(
                uri, runs, TestOptions.of(Credentials.none(), Duration.ofSeconds(20), Duration.ofMillis(100), notices));
    }

    @Test
    void aRunMeantForAServerIsNotCreatedInTheEmbeddedStore() {
        try (TrackingStore store = store(Optional.empty())) {
            assertThatThrownBy(() -> store.flush(id))
                    .isInstanceOf(TrackingException.class)
                    .hasMessage("run " + id + ": was started for " + down + "; send it there: MLFLOW_TRACKING_URI="
                            + down + " make flush RUN=" + id);
            assertThat(store.runs(Optional.empty(), 10)).isEmpty();
            assertThat(store.unsent()).extracting(UnsentRun::id).isEqualTo(List.of(id));
        }
    }

    @Test
    void aServerThatIsNamedAnewGetsIt() {
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(serverRuns));
                TrackingStore store = store(Optional.of(server.uri()))) {
            String runId = store.flush(id.substring(0, 6));
            assertThat(store.history(runId, "train/loss")).hasSize(3);
            assertThatThrownBy(() -> store.flush(id))
                    .isInstanceOf(TrackingException.class)
                    .hasMessage("run '" + id + "': nothing unsent of it is in " + runs.resolve("spool")
                            + "; unsent are: none");
        }
    }

    @Test
    void aServerThatIsStillDownIsToldAndNothingIsLost() {
        TrackingOptions options =
                TestOptions.of(Credentials.none(), Duration.ofMillis(200), Duration.ofMillis(200), notices);
        try (TrackingStore store = TrackingStore.open(Optional.of(down), runs, options)) {
            assertThatThrownBy(() -> store.flush(id))
                    .isInstanceOf(TrackingException.class)
                    .hasMessage("run " + id + ": MLflow server " + down
                            + ": nothing answers there (connection refused); the data stays in "
                            + runs.resolve("spool").resolve(id) + " (the run was started for " + down + ")");
            assertThat(store.unsent())
                    .singleElement()
                    .satisfies(unsent -> assertThat(unsent.isLive()).isFalse());
        }
    }

    @Test
    void aChildThatBeganWithoutTheServerFindsItsParentThere() {
        String child;
        try (TrackingStore store = store(Optional.of(down));
                MlflowRunLog log = store.startRun(TestRuns.childOf(id))) {
            child = log.runId();
            log.finish(RunStatus.FINISHED);
        }
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(serverRuns));
                TrackingStore store = store(Optional.of(server.uri()))) {
            String parent = store.flush(id);
            assertThat(parent).isNotEqualTo(id);
            assertThat(store.findRun(store.flush(child)).tags()).containsEntry("mlflow.parentRunId", parent);
        }
    }

    @Test
    void aDamagedLineIsToldAndTheJournalIsKept() throws Exception {
        Path journal = runs.resolve("spool").resolve(id).resolve("journal");
        String damaged = Files.readString(journal, StandardCharsets.ISO_8859_1).replace("\"step\":2", "\"step\":9");
        Files.writeString(journal, damaged, StandardCharsets.ISO_8859_1);
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(serverRuns));
                TrackingStore store = store(Optional.of(server.uri()))) {
            notices.clear();
            String runId = store.flush(id);
            assertThat(store.history(runId, "train/loss"))
                    .extracting(MetricPoint::step)
                    .isEqualTo(List.of(1L, 3L));
            Path kept = runs.resolve("rejected").resolve(id + ".journal");
            assertThat(notices.all())
                    .isEqualTo(List.of("run " + runId
                            + ": damaged lines of its journal could not be sent: 1; the journal is kept in " + kept));
            assertThat(kept).content(StandardCharsets.ISO_8859_1).startsWith(damaged);
            assertThat(store.unsent()).isEmpty();
        }
    }

    @Test
    void aRunOfTheEmbeddedStoreIsNotSentElsewhere() throws Exception {
        String embedded;
        try (OtherProcess process = OtherProcess.logging(runs, Optional.empty())) {
            embedded = process.line();
            process.line();
        }
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(serverRuns));
                TrackingStore store = store(Optional.of(server.uri()))) {
            assertThatThrownBy(() -> store.flush(embedded))
                    .isInstanceOf(TrackingException.class)
                    .hasMessage(
                            "run " + embedded
                                    + ": was started in the store in the runs folder; send it there: unset MLFLOW_TRACKING_URI");
        }
    }
}
