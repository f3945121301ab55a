package dev.switchlab.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.io.Json;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The checker itself: whatever is wrong with a case or with the model must fail, and say so in one line. */
class CheckerTest {

    private static final String SWITCH = "switch_ff_drop_scale_skew";
    private static final List<Implementation> LOOP = Implementation.on(Device.cpu(), DispatchForm.LOOP);
    private static final GoldenVerifier CPU = new GoldenVerifier(LOOP);

    @TempDir
    Path folder;

    @Test
    void theCaseThatTheOthersDamagePasses() throws IOException {
        CaseResult result = CPU.verify(change(SWITCH, tensors -> {}));
        assertThat(result.passed()).as(result.line()).isTrue();
        assertThat(result.line()).startsWith("ok").matches(".*  at most 0\\.\\d{3} of tolerance  \\d+/\\d+ bit-equal");
        assertThat(result.failure()).isEmpty();
    }

    @Test
    void aCaseThatIsListedButMissingFails() throws IOException {
        Path present = change("ff_relu", tensors -> {});
        assertThat(CPU.verify(folder, "", result -> {}).summary()).isEqualTo("1 passed, 0 failed");
        String name = present.getFileName().toString().replace(".safetensors", "");
        Files.writeString(folder.resolve("cases.txt"), name + "\nswitch_ff_lost\n");
        GoldenReport report = CPU.verify(folder, "", result -> {});
        assertThat(report.summary()).isEqualTo("1 passed, 1 failed");
        assertThat(report.passed()).isFalse();
        assertThat(report.cases())
                .extracting(CaseResult::line)
                .anyMatch(line -> line.equals(
                        "FAIL  switch_ff_lost  there is no such file, but cases.txt beside it lists the case"));
        assertThat(CPU.verify(folder, "changed", result -> {}).passed()).isTrue();
    }

    @Test
    void oneWrongElementIsFoundAndShown() throws IOException {
        CaseResult result = damage(SWITCH, tensors -> {
            float[] values = tensors.get("output.final_output").floats();
            values[37] += 1e-3f;
            tensors.put("output.final_output", Tensor.of(values, 16, 4, 8));
        });
        assertFails(result, "cpu loop: output.final_output");
        TensorDifference wrong =
                result.tensors().filter(t -> !t.passed()).findFirst().orElseThrow();
        assertThat(wrong.wrong()).isEqualTo(1);
        assertThat(wrong.worst()).hasSize(1);
        assertThat(wrong.worst().get(0).index()).isEqualTo("[1, 0, 5]");
        assertThat(result.failure())
                .anyMatch(line -> line.contains("1 of 512 elements (0.2%) wrong"))
                .anyMatch(line -> line.contains("[1, 0, 5] expected "))
                .anyMatch(line -> line.contains("absolute error: max 0.00100, mean "))
                .anyMatch(line -> line.contains("more: make golden GOLDEN=" + result.file()));
    }

    @Test
    void aWrongRouteIsFound() throws IOException {
        assertFails(SWITCH, "cpu loop: output.routes", tensors -> {
            long[] routes = tensors.get("output.routes").longs();
            routes[5] = (routes[5] + 1) % 4;
            tensors.put("output.routes", Tensor.of(routes, 64));
        });
    }

    @Test
    void aSwappedExpertIsFound() throws IOException {
        assertFails(SWITCH, "cpu loop: grad.experts.0", tensors -> {
            for (String rest : List.of("layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias")) {
                Tensor first = tensors.get("param.experts.0." + rest);
                tensors.put("param.experts.0." + rest, tensors.get("param.experts.1." + rest));
                tensors.put("param.experts.1." + rest, first);
            }
        });
    }

    @Test
    void aTransposedWeightIsFound() throws IOException {
        assertFails("mha_causal", "cpu loop: grad.", tensors -> {
            float[] from = tensors.get("param.value.linear.weight").floats();
            float[] to = new float[from.length];
            for (int i = 0; i < to.length; i++) {
                to[i] = from[i % 12 * 12 + i / 12];
            }
            tensors.put("param.value.linear.weight", Tensor.of(to, 12, 12));
        });
        assertFails(SWITCH, "weight 'experts.2.layer1.weight' has shape (8, 12), the model needs (12, 8)", tensors -> {
            Tensor weight = tensors.get("param.experts.2.layer1.weight");
            tensors.put("param.experts.2.layer1.weight", Tensor.of(weight.floats(), 8, 12));
        });
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void nanAndInfinityNeverPass(float value) throws IOException {
        assertFails(SWITCH, "cpu loop: output.aux", tensors -> {
            float[] values = tensors.get("output.aux").floats();
            values[0] = value;
            tensors.put("output.aux", Tensor.of(values));
        });
    }

    @Test
    void nanOnBothSidesDoesNotPassEither() throws IOException {
        Path file = change("ff_relu", tensors -> {
            for (String name : List.of("input.x", "output.y")) {
                Tensor tensor = tensors.get(name);
                float[] values = new float[tensor.elements()];
                Arrays.fill(values, Float.NaN);
                tensors.put(name, Tensor.of(values, tensor.shape()));
            }
        });
        CaseResult result = CPU.verify(file);
        TensorDifference y = result.tensors()
                .filter(t -> t.name().equals("output.y"))
                .findFirst()
                .orElseThrow();
        assertThat(y.wrong()).isEqualTo(y.elements());
        assertThat(y.units()).isInfinite();
    }

    @Test
    void anotherDtypeOrShapeDoesNotPass() throws IOException {
        assertFails(SWITCH, "cpu loop: output.loss", tensors -> {
            double loss = tensors.get("output.loss").doubles()[0];
            ByteBuffer bytes =
                    ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(0, loss);
            tensors.put("output.loss", new Tensor(Dtype.F64, new long[0], bytes));
        });
        assertFails(
                SWITCH,
                "cpu loop: output.counts",
                tensors -> tensors.put(
                        "output.counts", Tensor.of(tensors.get("output.counts").floats(), 1, 4)));
    }

    @Test
    void aMissingAndASuperfluousTensorFail() throws IOException {
        assertFails(SWITCH, "cpu loop: grad.switch.bias", tensors -> tensors.remove("grad.switch.bias"));
        assertFails(
                SWITCH,
                "cpu loop: output.entropy",
                tensors -> tensors.put("output.entropy", Tensor.of(new float[] {1})));
        assertFails(
                SWITCH,
                "tensor 'expected.y' is none of param.*, input.*, output.* and grad.*",
                tensors -> tensors.put("expected.y", Tensor.of(new float[] {1})));
        assertFails(
                SWITCH,
                "a case of kind switch_ff has no input.mask",
                tensors -> tensors.put("input.mask", Tensor.of(new float[] {1})));
        assertFails(SWITCH, "the case has no input.w", tensors -> tensors.remove("input.w"));
        assertFails(
                SWITCH,
                "weights do not fit the model: missing 'experts.3.layer2.bias', unexpected none",
                tensors -> tensors.remove("param.experts.3.layer2.bias"));
    }

    @Test
    void aCaseWithoutExpectationsFails() throws IOException {
        assertFails(
                "ff_relu",
                "cpu loop: ",
                tensors -> tensors.keySet().removeIf(name -> !name.startsWith("param.") && !name.startsWith("input.")));
    }

    @Test
    void permutationsThatDoNotFitTheRoutesFail() throws IOException {
        String key =
                Safetensors.read(GoldenCasesTest.FOLDER.resolve(SWITCH + ".safetensors")).tensors().keySet().stream()
                        .filter(name -> name.startsWith("input.perm."))
                        .findFirst()
                        .orElseThrow();
        assertFails(SWITCH, "more than its capacity, but the case has no " + key, tensors -> tensors.remove(key));
        assertFails(
                SWITCH,
                "but the case has a permutation of 2",
                tensors -> tensors.put(key, Tensor.of(new long[] {1, 0}, 2)));
        assertFails(
                SWITCH,
                key + " is not a permutation: element 1 is 1 of 2",
                tensors -> tensors.put(key, Tensor.of(new long[] {1, 1}, 2)));
        assertFails(
                SWITCH,
                "the case has input.perm.99, but that expert is not over its capacity here",
                tensors -> tensors.put("input.perm.99", Tensor.of(new long[] {1, 0}, 2)));
        assertFails(SWITCH, "cpu loop: grad.", tensors -> {
            long[] permutation = tensors.get(key).longs();
            long last = permutation[permutation.length - 1];
            permutation[permutation.length - 1] = permutation[0];
            permutation[0] = last;
            tensors.put(key, Tensor.of(permutation, permutation.length));
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "kind|mlp|kind is 'mlp'; allowed: feed_forward, mha,",
                "kind||not a golden case: the file's metadata has no 'kind'",
                "config||not a golden case: the file's metadata has no 'config'",
                "config|[]|config is not a JSON object",
                "config|{|config is not valid JSON:",
                "float64_max_abs_diff|{\"output\": -1}|float64_max_abs_diff output is -1, not an error",
                "float64_max_abs_diff|{\"output\": \"NaN\"}|float64_max_abs_diff output is \"NaN\", not an error"
            })
    void wrongMetadataIsNamed(String key, String value, String complaint) throws IOException {
        Path file = changed(folder, SWITCH, metadata -> metadata.compute(key, (k, old) -> value), tensors -> {});
        assertFails(CPU.verify(file), complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ar_drop_scale|n_layers|1000000000|config n_layers is 1000000000, but the weights have 2 layers",
                "ar_drop_scale|n_experts|1000000000|config n_experts is 1000000000, but param.transformer.layers.0.",
                "ar_drop_scale|n_vocab|22|config n_vocab is 22, but param.src_embed.weight is F32 [23, 12]",
                "ar_drop_scale|heads|5|config: model.heads is 5; allowed: divisors of",
                "ar_drop_scale|heads|\"2\"|config heads is \"2\"; allowed: whole numbers",
                "ar_drop_scale|positions|\"spiral\"|config positions is \"spiral\"; allowed: none, learned, rotary",
                "ar_drop_scale|params_from|\"../x\"|config params_from is '../x'; allowed: the name of a case in the same folder",
                "ar_drop_scale|heads|0|config: model.heads",
                "ar_drop_scale|n_experts|1.5|config n_experts is 1.5; allowed: whole numbers",
                "ar_drop_scale|n_experts|10000000000|config n_experts is 10000000000; allowed: whole numbers",
                "ar_drop_scale|is_scale_prob|1|config is_scale_prob is 1; allowed: true or false",
                "ar_drop_scale|load_balancing_coef|\"x\"|config load_balancing_coef is \"x\"; allowed: numbers",
                "mha_causal|heads|0|config heads is 0; allowed: whole numbers from 1",
                "optim_noam|betas|[0.9]|config betas is [0.9]; allowed: two numbers",
                "optim_noam|betas|[0.9, \"x\"]|config betas is [0.9,\"x\"]; allowed: a list of numbers",
                "optim_noam|betas|0.9|config betas is 0.9; allowed: a list of numbers",
                "optim_noam|warmup|null|config has no 'warmup'",
                "optim_muon|momentum|null|config has no 'momentum'",
                "optim_noam|optimizer|5|config optimizer is '5'; allowed: Adam,",
                "traj_exact|steps|0|config steps is 0; allowed: whole numbers from 1",
                "ar_drop_scale|drop_tokens|null|config has no 'drop_tokens'",
                "ar_drop_scale|capacity_factor|0|config: model.capacity_factor",
                "ff_relu|variant|\"swish\"|config variant is 'swish'; allowed: relu, gelu,",
                "optim_noam|optimizer|\"Lion\"|config optimizer is 'Lion'; allowed: Adam,",
                "optim_noam|steps|23|input.grad_p is F32 [24, 5, 4], not 23 steps of param.p"
            })
    void aWrongConfigIsNamed(String name, String key, String value, String complaint) throws IOException {
        JsonNode setting = Json.MAPPER.readTree(value);
        assertFails(CPU.verify(withConfig(folder, name, config -> config.set(key, setting), tensors -> {})), complaint);
    }

    @Test
    void aTokenBeyondTheVocabularyIsRefusedBeforeItIsLookedUp() throws IOException {
        assertFails(
                "ar_one_token",
                "input.tokens holds the token 23, but the vocabulary is 23",
                tensors -> tensors.put("input.tokens", Tensor.of(new long[] {23}, 1, 1)));
    }

    /** What else can be wrong with a file is tested by dev.switchlab.safetensors.BrokenFileTest. */
    @Test
    void aDamagedFileFailsInOneLine() throws IOException {
        byte[] whole = Files.readAllBytes(GoldenCasesTest.FOLDER.resolve(SWITCH + ".safetensors"));
        Path cut = Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(whole, whole.length - 100));
        assertFails(CPU.verify(cut), "the file is cut short or its header is wrong");
    }

    @Test
    void anEmptyFolderDoesNotPass() {
        GoldenReport report = CPU.verify(folder, "", result -> {});
        assertThat(report.passed()).isFalse();
        assertThat(report.summary()).isEqualTo("0 passed, 0 failed");
        assertThat(report.statistics()).isEqualTo("no golden cases (*.safetensors) in " + folder);
        assertThatThrownBy(() -> CPU.verify(folder.resolve("absent"), "", result -> {}))
                .isInstanceOf(GoldenException.class)
                .hasMessage(folder.resolve("absent") + ": no such folder of golden cases");
    }

    @Test
    void whateverTheModelThrowsBecomesOneLine() throws IOException {
        GoldenVerifier verifier = new GoldenVerifier(LOOP, golden -> (file, implementation) -> {
            throw new IllegalStateException("the engine is gone\nand more");
        });
        CaseResult result = verifier.verify(change(SWITCH, tensors -> {}));
        assertFails(result, "cpu loop: the engine is gone");
    }

    @Test
    void aModelThatGivesNothingFails() throws IOException {
        GoldenVerifier verifier = new GoldenVerifier(LOOP, golden -> (file, implementation) -> Map.of());
        assertThat(verifier.verify(change(SWITCH, tensors -> {})).passed()).isFalse();
    }

    private CaseResult damage(String name, Consumer<Map<String, Tensor>> damage) throws IOException {
        return CPU.verify(change(name, damage));
    }

    private void assertFails(String name, String complaint, Consumer<Map<String, Tensor>> damage) throws IOException {
        assertFails(damage(name, damage), complaint);
    }

    private Path change(String name, Consumer<Map<String, Tensor>> change) throws IOException {
        return changed(folder, name, metadata -> {}, change);
    }

    /** A copy of a stored case with changes. */
    private static Path changed(
            Path folder, String name, Consumer<Map<String, String>> metadata, Consumer<Map<String, Tensor>> tensors)
            throws IOException {
        Safetensors content = Safetensors.read(GoldenCasesTest.FOLDER.resolve(name + ".safetensors"));
        Map<String, String> ownMetadata = new LinkedHashMap<>(content.metadata());
        Map<String, Tensor> ownTensors = new LinkedHashMap<>(content.tensors());
        metadata.accept(ownMetadata);
        tensors.accept(ownTensors);
        Path file = folder.resolve("changed.safetensors");
        new Safetensors(ownMetadata, ownTensors).write(file);
        return file;
    }

    /** A copy of a stored case with changes to its config and its tensors. */
    static Path withConfig(Path folder, String name, Consumer<ObjectNode> config, Consumer<Map<String, Tensor>> tensors)
            throws IOException {
        ObjectNode settings = CaseFile.read(GoldenCasesTest.FOLDER.resolve(name + ".safetensors"))
                .config();
        config.accept(settings);
        return changed(folder, name, metadata -> metadata.put("config", settings.toString()), tensors);
    }

    static void assertFails(CaseResult result, String complaint) {
        assertThat(result.passed()).isFalse();
        assertThat(result.line()).startsWith("FAIL").contains(complaint).doesNotContain("\n");
    }
}
