package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.util.Utils;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.io.Json;
import dev.switchlab.io.WholeFile;
import dev.switchlab.nn.kernel.KernelTimer;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.nn.kernel.ProductKernel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
            String unlike = first.dense() == ProductKernel.MATRIX ? "convolution" : "matrix";
            other.put(key, unlike);
            WholeFile.write(FILE, Json.MAPPER.writeValueAsString(other));
            assertThat(choice(LARGE, machine)).hasToString(unlike);
        } finally {
            forget(machine);
        }
    }

    @Test
    void smallModelsAndPlainOnesAreNotTimed() throws Exception {
        String machine = machine();
        assertThat(choice(experiment("model.d_model=32 model.heads=2 model.d_ff=64"), machine))
                .isEqualTo(Kernels.MATRIX);
        assertThat(choice(LARGE.with("model.dispatch=loop"), machine)).isEqualTo(Kernels.MATRIX);
        assertThat(Files.exists(FILE) ? kept() : Map.of()).doesNotContainKey(machine);
    }

    @Test
    void expertsWithFewRowsTakeMatrixProducts() throws Exception {
        String machine = machine();
        try {
            assertThat(choice(LARGE.with("model.n_experts=64"), machine).experts())
                    .isEqualTo(ProductKernel.MATRIX);
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
                    .isEqualTo(ProductKernel.MATRIX);
        }
    }

    @Test
    void selectivePrecisionIsFixed() {
        Experiment selective = LARGE.with("train.precision=selective");
        assertThat(choice(selective, machine())).hasToString("bfloat16");
        assertThat(choice(selective.with("model.n_experts=64"), machine()))
                .isEqualTo(new Kernels(ProductKernel.BFLOAT16, ProductKernel.MATRIX));
    }

    /** There no product is left in float32, of few rows neither. */
    @Test
    void withBfloat16EverythingIsRounded() {
        Experiment experiment = LARGE.with("train.precision=bfloat16 model.n_experts=64");
        Kernels all = new Kernels(ProductKernel.BFLOAT16, ProductKernel.BFLOAT16, true);
        assertThat(choice(experiment, machine())).isEqualTo(all);
        assertThat(KernelChoice.recorded(experiment, "bfloat16")).isEqualTo(all);
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
                .hasMessageContaining("train.precision is selective: allowed is bfloat16");
        assertThatThrownBy(() ->
                        KernelChoice.of(LARGE.with("train.precision=bfloat16"), Device.cpu(), machine(), "matrix"))
                .hasMessageContaining("train.precision is bfloat16: allowed is bfloat16");
    }

    /** Runs of the past chose one kernel for each product, of which some are gone. */
    @ParameterizedTest
    @ValueSource(strings = {"linear/matrix/matrix", "dense=convolution experts=matrix"})
    void whatIsNoLongerThereStandsForMatrixProducts(String recorded) {
        assertThat(KernelChoice.recorded(LARGE, recorded)).isEqualTo(Kernels.MATRIX);
        assertThat(KernelChoice.recorded(LARGE, "convolution")).hasToString("convolution");
    }

    @Test
    void weightsRememberTheirKernels() throws Exception {
        Path file = Files.createTempFile("weights", ".safetensors");
        dev.switchlab.data.CharTokenizer tokenizer = dev.switchlab.data.CharTokenizer.of("abc");
        Experiment small = experiment("model.d_model=8 model.heads=2 model.d_ff=8 model.n_layers=1");
        Kernels kernels = KernelChoice.of(small, Device.cpu(), machine(), "convolution");
        try (LanguageModel model =
                LanguageModel.create(small, tokenizer, Device.cpu(), kernels, ProcessGroup.single(), false)) {
            model.save(file);
        }
        try (LanguageModel loaded = LanguageModel.load(file, Device.cpu())) {
            assertThat(loaded.kernels()).isEqualTo(kernels).hasToString("convolution");
        } finally {
            Files.delete(file);
        }
    }
}
