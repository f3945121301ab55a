package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.util.Utils;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.io.Json;
import dev.switchlab.io.WholeFile;
import dev.switchlab.nn.kernel.KernelTimer;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.nn.kernel.ProductKernels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class KernelChoiceTest {

    private static final Path FILE = Utils.getCacheDir().resolve("switchlab-kernels.json");
    private static final Experiment LARGE = experiment("model.d_model=128 model.heads=4 model.d_ff=256");

    private static Experiment experiment(String settings) {
        return Experiment.of(Semantics.PAPER, settings + " train.batch_size=32 train.seq_len=64");
    }

    private static Kernels choice(Experiment experiment, String machine) {
        return KernelChoice.of(experiment, Device.cpu(), machine, "auto");
    }

    /** Another machine's name: what is measured here must not become the choice of real runs. */
    private static String machine() {
        return "test " + UUID.randomUUID();
    }

    private static Map<String, String> kept() throws Exception {
        Map<String, String> kept = new TreeMap<>();
        Json.MAPPER
                .readTree(Files.readString(FILE))
                .properties()
                .forEach(entry -> kept.put(entry.getKey(), entry.getValue().asText()));
        return kept;
    }

    private static void forget(String machine) throws Exception {
        Map<String, String> kept = kept();
        kept.keySet().removeIf(key -> key.startsWith(machine));
        WholeFile.write(FILE, Json.MAPPER.writeValueAsString(kept));
    }

    @Test
    void isMadeOnceAndKept() throws Exception {
        String machine = machine();
        try {
            Kernels first = choice(LARGE, machine);
            String key = kept().keySet().stream()
                    .filter(k -> k.startsWith(machine))
                    .findFirst()
                    .orElseThrow();
            assertThat(key).contains("2048x128x384").contains("libtorch");
            assertThat(kept()).containsEntry(key, first.toString());
            Map<String, String> other = kept();
            other.put(key, "dense=linear experts=convolution");
            WholeFile.write(FILE, Json.MAPPER.writeValueAsString(other));
            assertThat(choice(LARGE, machine)).hasToString("dense=linear experts=convolution");
        } finally {
            forget(machine);
        }
    }

    @Test
    void smallModelsAndPlainOnesAreNotTimed() throws Exception {
        String machine = machine();
        assertThat(choice(experiment("model.d_model=32 model.heads=2 model.d_ff=64"), machine))
                .isEqualTo(Kernels.MATRIX);
        assertThat(choice(LARGE.with("model.dispatch=batched"), machine)).isEqualTo(Kernels.MATRIX);
        assertThat(Files.exists(FILE) ? kept() : Map.of()).doesNotContainKey(machine);
    }

    @Test
    void expertsWithFewRowsTakeMatrixProducts() throws Exception {
        String machine = machine();
        try {
            assertThat(choice(LARGE.with("model.n_experts=64"), machine).experts())
                    .isEqualTo(ProductKernels.MATRIX);
        } finally {
            forget(machine);
        }
    }

    /** The time it may take is over before anything was timed twice. */
    @Test
    void withoutTimeMatrixProductsAreTaken() {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            assertThat(KernelTimer.fastest(
                            manager, List.of(new KernelTimer.Product(256, 64, 64)), System.nanoTime() - 1))
                    .isEqualTo(ProductKernels.MATRIX);
        }
    }

    @Test
    void selectivePrecisionIsFixed() {
        Experiment selective = LARGE.with("train.precision=selective");
        assertThat(choice(selective, machine())).hasToString("bfloat16");
        assertThat(choice(selective.with("model.n_experts=64"), machine()))
                .hasToString("dense=bfloat16 experts=matrix");
    }

    @Test
    void aWishIsKept() {
        assertThat(KernelChoice.of(LARGE, Device.cpu(), machine(), "convolution"))
                .hasToString("convolution");
    }

    @Test
    void aWishAgainstThePrecisionIsRefused() {
        assertThatThrownBy(() -> KernelChoice.of(LARGE, Device.cpu(), machine(), "bfloat16"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "KERNELS is 'bfloat16', but train.precision is float32: allowed are those without bfloat16, for example"
                                + " KERNELS=auto");
        assertThatThrownBy(() ->
                        KernelChoice.of(LARGE.with("train.precision=selective"), Device.cpu(), machine(), "matrix"))
                .hasMessageContaining("train.precision is selective: allowed are those with bfloat16");
    }

    @Test
    void weightsRememberTheirKernels() throws Exception {
        Path file = Files.createTempFile("weights", ".safetensors");
        dev.switchlab.data.CharTokenizer tokenizer = dev.switchlab.data.CharTokenizer.of("abc");
        Experiment small = experiment("model.d_model=8 model.heads=2 model.d_ff=8 model.n_layers=1");
        try (LanguageModel model =
                LanguageModel.create(small, tokenizer, Device.cpu(), Kernels.parse("linear/matrix/matrix"))) {
            model.save(file);
        }
        try (LanguageModel loaded = LanguageModel.load(file, Device.cpu())) {
            assertThat(loaded.kernels()).hasToString("linear/matrix/matrix");
        } finally {
            Files.delete(file);
        }
    }
}
