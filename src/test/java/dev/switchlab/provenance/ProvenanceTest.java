package dev.switchlab.provenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.engine.Engine;
import com.google.common.base.Splitter;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.experiment.ExperimentLoader.Summary;
import dev.switchlab.experiment.TrainConfig.Precision;
import dev.switchlab.provenance.Provenance.Digests;
import dev.switchlab.provenance.Provenance.Text;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is recorded of a run, and that it is enough to run it again. */
class ProvenanceTest {

    private static final Path EXPERIMENTS = Path.of("experiments");

    @BeforeAll
    static void startEngine() {
        Engine.getInstance();
    }

    private static Provenance collect(Experiment experiment) {
        Text text = new Text("dickens", "ab12", "");
        return Provenance.collect(
                experiment,
                "make train EXPERIMENT=smoke",
                text,
                new TreeMap<>(),
                Computation.on(Device.cpu(), "matrix", 1, false),
                "cd34");
    }

    @Test
    void everyBundledExperimentComesBackEqual() {
        for (Summary summary : ExperimentLoader.list(EXPERIMENTS)) {
            Experiment experiment =
                    ExperimentLoader.load(summary.id(), List.of("train.eps=1e-8 train.learning_rate=0.1"), EXPERIMENTS);
            Provenance stored = Provenance.ofJson(collect(experiment).toJson(), "test");
            assertThat(stored.toExperiment()).isEqualTo(experiment);
        }
    }

    @Test
    void comesBackEqualFromJson() {
        Provenance provenance = collect(ExperimentLoader.load("smoke", List.of(), EXPERIMENTS))
                .with(new Digests("a", new TreeMap<>(Map.of(100, "b", 20, "c")), "d", "e"));
        Provenance read = Provenance.ofJson(provenance.toJson(), "test");
        assertThat(read.entries()).isEqualTo(provenance.entries());
        assertThat(read.digests()).isEqualTo(provenance.digests());
        assertThat(read.entries())
                .containsEntry("experiment.train.steps", "200")
                .containsEntry("digests.checkpoints.20", "c");
    }

    @Test
    void namesWhatComputed() {
        Provenance provenance = collect(ExperimentLoader.load("smoke", List.of(), EXPERIMENTS));
        assertThat(provenance.computation().threads()).isEqualTo(1);
        assertThat(provenance.computation().interopThreads()).isEqualTo(1);
        String flavor = Libtorch.bundled().getProperty("flavor");
        boolean older = flavor.equals("cu124");
        assertThat(provenance.versions().libtorch()).isEqualTo((older ? "2.5.1 " : "2.7.1 ") + flavor);
        assertThat(provenance.versions().djl()).isEqualTo(older ? "0.33.0" : "0.36.0");
        assertThat(provenance.versions().switchlab()).matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(provenance.environment()).containsEntry("OMP_NUM_THREADS", "1");
        if (System.getProperty("os.name").equals("Linux")
                && System.getProperty("os.arch").equals("amd64")) {
            assertThat(provenance.versions().libtorchBuild()).contains("PyTorch built with", "OpenMP");
            assertThat(provenance.machine().instructionSets()).contains("sse4_2");
            assertThat(provenance.machine().kernels()).matches("DEFAULT|AVX2|AVX512");
        }
    }

    @Test
    void deterministicAlgorithmsMakeThePromise() {
        Libtorch torch = Libtorch.loaded();
        assertThat(torch.useDeterministicAlgorithms()).isTrue();
        Provenance provenance = collect(ExperimentLoader.load("smoke", List.of(), EXPERIMENTS));
        assertThat(provenance.computation().deterministicAlgorithms()).isTrue();
        assertThat(provenance.promise()).isEqualTo(Promise.BITWISE_CPU);
    }

    @Test
    void promisesNoMoreThanTheSettingsAllow() {
        Map<String, String> nothing = Map.of();
        Map<String, String> workspace = Map.of("CUBLAS_WORKSPACE_CONFIG", ":4096:8");
        assertThat(Promise.of(false, false, nothing)).isEqualTo(Promise.SEEDED);
        assertThat(Promise.of(true, true, nothing)).isEqualTo(Promise.SEEDED);
        assertThat(Promise.of(true, false, workspace)).isEqualTo(Promise.SEEDED);
        assertThat(Promise.of(true, true, workspace)).isEqualTo(Promise.BITWISE_CUDA);
    }

    @Test
    void secretsAreNotRecorded() {
        Map<String, String> environment = Computation.environment(Splitter.on(' ')
                .withKeyValueSeparator('=')
                .split("OMP_NUM_THREADS=2 MLFLOW_TRACKING_PASSWORD=hunter2 DJL_API_KEY=hunter2 TORCH_TOKEN=hunter2"
                        + " DJL_REPO=https://me:hunter2@example.org/x HOME=/home/me DJL_CACHE_DIR=/somewhere"));
        assertThat(environment)
                .containsOnly(Map.entry("OMP_NUM_THREADS", "2"), Map.entry("DJL_REPO", "https://example.org/x"));
    }

    @Test
    void whatIsNoProvenanceIsRefusedInOneLine() {
        for (String json : List.of("", "{", "{}", "[]", "{\"experiment\": {}}", "{\"unheard\": 1}")) {
            assertThatThrownBy(() -> Provenance.ofJson(json, "run 17"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .message()
                    .startsWith("run 17: not the provenance of a run")
                    .doesNotContain("\n");
        }
    }

    @Test
    void readsWhatLinuxSaysOfItsProcessors() {
        List<String> x86 = List.of("model name\t: Some CPU @ 2 GHz", "flags\t\t: fpu avx avx2 sse4_1 avx512f fma nx");
        assertThat(Machine.field(x86, "model name")).hasValue("Some CPU @ 2 GHz");
        assertThat(Machine.numeric(Machine.field(x86, "flags").orElseThrow()))
                .containsExactly("avx", "avx2", "avx512f", "fma", "sse4_1");
        assertThat(Machine.numeric("fp asimd aes sve bf16")).containsExactly("asimd", "bf16", "sve");
    }

    @Test
    void selectivePrecisionIsRefusedWhereNothingMultipliesBfloat16() {
        Machine.require(Precision.SELECTIVE, List.of("avx2", "avx512_bf16"));
        Machine.require(Precision.FLOAT32, List.of("avx2"));
        assertThatThrownBy(() -> Machine.require(Precision.BFLOAT16, List.of("avx2")))
                .hasMessageStartingWith("train.precision is bfloat16, but this processor multiplies no bfloat16");
        assertThatThrownBy(() -> Machine.require(Precision.SELECTIVE, List.of("avx2", "avx512f")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "train.precision is selective, but this processor multiplies no bfloat16 (it has none of avx512_bf16, amx_bf16,"
                                + " bf16), allowed: float32, for example SET=\"train.precision=float32\"");
    }

    @Test
    void aBuildHasADigestOfItsOwn(@TempDir Path folder) throws Exception {
        Files.writeString(Files.createDirectory(folder.resolve("a")).resolve("A.class"), "12");
        String digest = Versions.codeDigest(folder);
        assertThat(Versions.codeDigest(folder)).isEqualTo(digest).hasSize(64);
        Files.writeString(folder.resolve("a").resolve("A.class"), "13");
        String changed = Versions.codeDigest(folder);
        Files.move(folder.resolve("a").resolve("A.class"), folder.resolve("a").resolve("B.class"));
        assertThat(Versions.codeDigest(folder)).isNotIn(digest, changed);
        assertThat(changed).isNotEqualTo(digest);
        assertThat(Versions.codeDigest(folder.resolve("a").resolve("B.class"))).hasSize(64); // as of a jar
        assertThat(Versions.codeDigest()).hasSize(64);
    }
}
