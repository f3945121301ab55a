package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run's way into the embedded store and back, with nothing in the way. */
final class TrackingStoreTest {
    @TempDir
    private Path runs;

    private final Notices notices = new Notices();
    private TrackingStore store;

    @BeforeEach
    void open() {
        store = TrackingStore.open(Optional.empty(), runs, TestOptions.quick(notices));
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void everythingLoggedReadsBack() {
        MlflowRunLog log = store.startRun(TestRuns.info());
        log.metrics(1, Map.of("train/loss", 4.25, "odd", Double.NaN));
        log.metrics(2, Map.of("train/loss", 0.1 + 0.2, "odd", Double.NEGATIVE_INFINITY));
        log.text("samples/step-000002.txt", "To be, or not to be: größer\n");
        log.tags(Map.of("phase", "done"));
        log.finish(RunStatus.FINISHED);

        TrackedRun run = store.findRun(log.runId());
        assertThat(run.experiment()).isEqualTo("smoke");
        assertThat(run.name()).isEqualTo("smoke seed 1");
        assertThat(run.status()).isEqualTo("FINISHED");
        assertThat(run.end()).isPresent();
        assertThat(run.params()).containsEntry("model.heads", "4").containsEntry("seed", "1");
        assertThat(run.tags())
                .containsEntry("phase", "done")
                .containsEntry("corpus", "dickens")
                .containsEntry("mlflow.user", "ada")
                .containsEntry("mlflow.source.name", "experiments/smoke.yaml")
                .containsEntry("mlflow.source.type", "LOCAL")
                .containsEntry("mlflow.source.git.commit", "0123456789abcdef");
        assertThat(run.tags().get("mlflow.note.content"))
                .contains("A *small* run", "make train EXPERIMENT=smoke SEED=1");
        assertThat(run.metrics()).containsEntry("train/loss", 0.1 + 0.2);
        assertThat(store.history(log.runId(), "train/loss"))
                .extracting(MetricPoint::step, MetricPoint::value)
                .containsExactly(tuple(1L, 4.25), tuple(2L, 0.1 + 0.2));
        assertThat(store.history(log.runId(), "odd"))
                .extracting(MetricPoint::value)
                // MLflow's SQL stores keep an infinity as the largest number.
                .containsExactly(Double.NaN, -Double.MAX_VALUE);
        assertThat(store.artifacts(log.runId())).containsExactly("samples/step-000002.txt");
        assertThat(runs.resolve("spool")).isEmptyDirectory();
        assertThat(notices.all()).isEmpty();
    }

    @Test
    void aRunIsFoundByPrefixNameAndOurOwnKey() {
        MlflowRunLog log = store.startRun(TestRuns.info());
        log.finish(RunStatus.FINISHED);
        TrackedRun run = store.findRun(log.runId());
        assertThat(store.findRun(log.runId().substring(0, 8))).isEqualTo(run);
        assertThat(store.findRun("smoke seed 1")).isEqualTo(run);
        assertThat(store.findRun(run.tags().get("switchlab.run_key"))).isEqualTo(run);
        assertThat(store.runs(Optional.of("smoke"), 10)).containsExactly(run);
        assertThat(store.runs(Optional.of("other"), 10)).isEmpty();
        assertThatThrownBy(() -> store.findRun("nonesuch"))
                .isInstanceOf(TrackingException.class)
                .hasMessageStartingWith("run 'nonesuch': there is none at " + runs);
    }

    @Test
    void artifactsGoOutAndComeBackAsTheyWere() throws Exception {
        byte[] bytes = new byte[3_000_000];
        new Random(5).nextBytes(bytes);
        Path weights = Files.write(runs.resolve("weights.safetensors"), bytes);
        MlflowRunLog log = store.startRun(TestRuns.info());
        log.file("checkpoints/a b+c%.safetensors", weights);
        // The upload comes later: a file that is replaced meanwhile must not be the one uploaded.
        Path other = Files.writeString(runs.resolve("other"), "other");
        Files.move(other, weights, StandardCopyOption.REPLACE_EXISTING);
        log.finish(RunStatus.FINISHED);

        Path back = runs.resolve("down/back.safetensors");
        store.download(log.runId(), "checkpoints/a b+c%.safetensors", back);
        assertThat(back).hasBinaryContent(bytes);
        assertThatThrownBy(() -> store.download(log.runId(), "nothing", runs.resolve("nothing")))
                .isInstanceOf(TrackingException.class)
                .hasMessage("run " + log.runId() + ": has no artifact 'nothing'");
        assertThat(runs.resolve("nothing")).doesNotExist();
    }

    @Test
    void manyMetricsOfOneStepAreSplitIntoBatches() {
        MlflowRunLog log = store.startRun(TestRuns.info());
        Map<String, Double> metrics = new HashMap<>();
        for (int i = 0; i < 2345; i++) {
            metrics.put("layer0/load/expert" + i, i / 7.0);
        }
        log.metrics(3, metrics);
        Map<String, String> params = new HashMap<>();
        for (int i = 0; i < 250; i++) {
            params.put("p" + i, "=<>".repeat(1900));
        }
        log.params(params);
        log.finish(RunStatus.FINISHED);
        TrackedRun run = store.findRun(log.runId());
        assertThat(run.metrics()).containsAllEntriesOf(metrics);
        assertThat(run.params()).containsAllEntriesOf(params);
        assertThat(notices.all()).isEmpty();
    }

    @Test
    void aParamThatIsTooLongIsKeptWholeAsAnArtifact() throws Exception {
        String whole = "größe ".repeat(2000);
        MlflowRunLog log = store.startRun(TestRuns.info());
        log.params(Map.of("model/long: one", whole));
        log.finish(RunStatus.FINISHED);
        assertThat(store.findRun(log.runId()).params()).containsEntry("model/long: one", whole.substring(0, 6000));
        Path back = runs.resolve("back");
        store.download(log.runId(), "params/model/long__one.txt", back);
        assertThat(back).hasContent(whole);
    }

    @Test
    void aRunThatIsClosedUnfinishedHasFailed() {
        MlflowRunLog log = store.startRun(TestRuns.info());
        log.metrics(1, Map.of("train/loss", 1.0));
        log.close();
        log.close();
        assertThat(store.findRun(log.runId()).status()).isEqualTo("FAILED");
        assertThatThrownBy(() -> log.metrics(2, Map.of("train/loss", 1.0))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aChangedParamIsTheOnlyThingRejected() throws Exception {
        MlflowRunLog log = store.startRun(TestRuns.info());
        log.params(Map.of("seed", "2", "fresh", "x"));
        log.metrics(1, Map.of("train/loss", 1.0));
        log.finish(RunStatus.FINISHED);
        TrackedRun run = store.findRun(log.runId());
        assertThat(run.params()).containsEntry("seed", "1").containsEntry("fresh", "x");
        assertThat(run.metrics()).containsEntry("train/loss", 1.0);
        assertThat(notices.all()).singleElement().asString().contains("does not take its param 'seed'");
        assertThat(Files.readString(runs.resolve("rejected/" + log.runId() + ".jsonl")))
                .startsWith("{\"param\":\"seed\",\"value\":\"2\",\"reason\":");
    }

    @Test
    void theDatasetIsLogged() throws Exception {
        MlflowRunLog log = store.startRun(TestRuns.info());
        log.finish(RunStatus.FINISHED);
        String run = new RestProbe(store.uri()).get("/api/2.0/mlflow/runs/get?run_id=" + log.runId());
        assertThat(run)
                .contains("\"name\":\"tiny-shakespeare\"", "\"digest\":\"86c4e6aa9db7c042ec79f339dcb96d42b007\"")
                .contains("mlflow.data.context", "\"source_type\":\"http\"");
    }

    @Test
    void noSecondStoreRunIsNeededToReadAfterwards() {
        MlflowRunLog log = store.startRun(TestRuns.info());
        log.metrics(1, Map.of("train/loss", 1.0));
        log.finish(RunStatus.FINISHED);
        store.close();
        try (TrackingStore again = TrackingStore.open(Optional.empty(), runs, TestOptions.quick(notices))) {
            assertThat(again.findRun(log.runId()).metrics()).isEqualTo(Map.of("train/loss", 1.0));
            assertThat(again.unsent()).isEqualTo(List.of());
        }
    }
}
