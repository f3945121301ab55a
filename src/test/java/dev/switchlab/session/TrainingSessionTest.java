package dev.switchlab.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.ArtifactFolder;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.TestRuns;
import dev.switchlab.runs.mirror.Mirror;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.RunLock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole sessions in this process: what a run leaves behind. */
@Tag("slow")
class TrainingSessionTest {

    private static final String SETTINGS = "train.steps=4 train.log_every=1 train.eval_every=2 train.eval_batches=1"
            + " train.checkpoint_every=2 train.sample_every=2 train.sample_length=5 train.batch_size=4";

    @TempDir
    Path runs;

    private final List<String> warnings = new ArrayList<>();
    private final List<String> notices = Collections.synchronizedList(new ArrayList<>());
    private final TrainingInput input = TrainingInput.of(
            ExperimentLoader.load("smoke", List.of(SETTINGS), Path.of("experiments")),
            ExperimentLoader.changes(List.of(SETTINGS)),
            Origins.NONE);

    @Test
    void aFinishedRunHasItsReport() throws IOException {
        try (MirroredBook store = store(Optional.empty())) {
            TrainingSession.Outcome outcome = train(store, () -> false);
            assertThat(warnings).isEmpty();
            assertThat(outcome.isComplete()).isTrue();
            Path file = outcome.report().orElseThrow();
            assertThat(file).isEqualTo(runs.resolve("reports").resolve(outcome.runId() + ".html"));
            ArtifactFolder artifacts = store.book().artifacts(outcome.runId());
            assertThat(artifacts.file(Reports.ARTIFACT)).hasSameTextualContentAs(file);
            // MLflow's pages look for the load of the experts before the first step, and the table.
            assertThat(artifacts.list())
                    .contains(StoredRun.WEIGHTS, Provenance.ARTIFACT, "experiment.yaml", "specialization.json")
                    .anyMatch(path -> path.startsWith("images/expert_load+step+0+timestamp+"));
            // What the run logged last is in it: it was written after the run was stored.
            Run run = store.find(outcome.runId());
            assertThat(run.tags()).containsKeys("mlflow.loggedArtifacts", "mlflow.loggedImages");
            assertThat(Files.readString(file).replaceAll("</?w?br?>", "")) // a long word may break; a prompt is bold
                    .contains("validation loss", outcome.runId())
                    .contains(String.format("%.4f", run.metrics().get("final/cross_entropy")))
                    .contains(outcome.result()
                            .sample()
                            .orElseThrow()
                            .lines()
                            .findFirst()
                            .orElseThrow());
            StoredRun stored = new StoredRun(store, run);
            try (LanguageModel model = stored.model(Device::cpu)) {
                assertThat(model.digest()).isEqualTo(run.tags().get("switchlab.weights_sha256"));
            }
        }
    }

    @Test
    void weightsThatAreNotTheRunsOwnAreRefused() throws IOException {
        try (MirroredBook store = store(Optional.empty())) {
            StoredRun run =
                    new StoredRun(store, store.find(train(store, () -> false).runId()));
            Path file = store.book().artifacts(run.run().runId()).file(StoredRun.WEIGHTS);
            for (Map.Entry<Float, String> wrong : Map.of(
                            0.25f, "the sha256 of its weights is not", Float.NaN, "weight 'src_embed.weight' has NaN")
                    .entrySet()) {
                Safetensors content = Safetensors.read(file);
                Map<String, Tensor> tensors = new LinkedHashMap<>(content.tensors());
                Tensor embedding = tensors.get("src_embed.weight");
                float[] values = embedding.floats();
                values[7] = wrong.getKey();
                tensors.put("src_embed.weight", Tensor.of(values, embedding.shape()));
                new Safetensors(content.metadata(), tensors).write(file);
                assertThatThrownBy(() -> run.model(Device::cpu))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContainingAll(file.toString(), wrong.getValue())
                        .hasMessageNotContaining("\n");
            }
        }
    }

    @Test
    void aStoppedRunHasNoReportYet() throws IOException {
        try (MirroredBook store = store(Optional.empty())) {
            int[] asked = {0};
            TrainingSession.Outcome outcome = train(store, () -> ++asked[0] > 2);
            assertThat(outcome.isComplete()).isFalse();
            assertThat(outcome.report()).isEmpty();
            assertThat(store.book().artifacts(outcome.runId()).list()).doesNotContain(Reports.ARTIFACT);
            assertThat(store.find(outcome.runId()).status()).isEqualTo("KILLED");
        }
    }

    @Test
    void withoutTheServerTheRunIsWholeAndLeftForLater() throws IOException {
        URI nobody;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = URI.create("http://127.0.0.1:" + taken.getLocalPort());
        }
        try (MirroredBook store = store(Optional.of(nobody))) {
            TrainingSession.Outcome outcome = train(store, () -> false);
            assertThat(outcome.isComplete()).isTrue();
            assertThat(outcome.report().orElseThrow()).isRegularFile();
            assertThat(warnings).isEmpty();
            assertThat(store.find(outcome.runId()).status()).isEqualTo("FINISHED");
            assertThat(store.behind()).extracting(Run::runId).containsExactly(outcome.runId());
            assertThat(notices).first().asString().contains(nobody.toString(), "nothing answers there");
            assertThat(notices)
                    .last()
                    .asString()
                    .endsWith("make flush RUN=" + outcome.runId().substring(0, 8));
        }
    }

    /** A process that is killed right after the start leaves a run with parameters alone. */
    @Test
    void aRunThatWasCutOffBeforeItHadAnythingIsTrainedUnderItsId() throws IOException {
        try (MirroredBook store = store(Optional.empty())) {
            TrainingSession.Outcome whole = train(store, () -> false);
            String begun = Book.newRunId();
            store.book().start(TestRuns.info(), begun).close(); // and nothing in between
            try (RunLock lock = RunLock.take(store.book().checkpoints(begun), begun)) {
                TrainingSession session =
                        new TrainingSession(input, Device.cpu(), store, new View(), () -> false, false);
                TrainingSession.Outcome outcome = session.train(lock, begun, "make train", Map.of());
                assertThat(outcome.runId()).isEqualTo(begun);
                assertThat(outcome.report()).as("none was wanted").isEmpty();
            }
            Run run = store.find(begun);
            assertThat(run.status()).isEqualTo("FINISHED");
            assertThat(run.tags().get("switchlab.weights_sha256"))
                    .isEqualTo(store.find(whole.runId()).tags().get("switchlab.weights_sha256"));
            assertThat(store.book().artifacts(begun).list())
                    .contains("provenance.json", "experiment.yaml")
                    .doesNotContain(Reports.ARTIFACT);
        }
    }

    private TrainingSession.Outcome train(MirroredBook store, BooleanSupplier stop) throws IOException {
        return new TrainingSession(input, Device.cpu(), store, new View(), stop, true).train("make train", Map.of());
    }

    private MirroredBook store(Optional<URI> server) {
        Duration shortWait = Duration.ofMillis(500);
        Mirror.Timing timing = new Mirror.Timing(
                Duration.ofSeconds(20),
                shortWait,
                Duration.ofMillis(20),
                Duration.ofMillis(10),
                Duration.ofMillis(100));
        MlflowEnvironment environment = MlflowEnvironment.of(
                server.map(uri -> Map.of("MLFLOW_TRACKING_URI", uri.toString())).orElse(Map.of()));
        return MirroredBook.open(runs, environment, timing, notices::add);
    }

    /** Keeps the warnings. */
    private final class View implements TrainingView, TrainingView.Progress {

        @Override
        public Progress progress(int steps, int taken) {
            return this;
        }

        @Override
        public void warning(String text) {
            warnings.add(text);
        }

        @Override
        public void stage(String what) {}
    }
}
