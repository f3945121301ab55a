package dev.switchlab.golden;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.io.Json;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Combinations that none of the stored cases has. */
class MoeCaseTest {

    private static final String SIGMOID = "moe_titan_e4_k2_sigmoid_norm_shared1_t40";
    private static final String CHOSEN = "moe_nano_e8_k4_cf1.25_t48_bias_skew";
    private static final List<Implementation> CPU = Implementation.on(Device.cpu());

    @TempDir
    private Path folder;

    private CaseResult verify(String name, Consumer<ObjectNode> config, Consumer<Map<String, Tensor>> tensors)
            throws IOException {
        return new GoldenVerifier(CPU).verify(CheckerTest.withConfig(folder, name, config, tensors));
    }

    /** There is nothing left to normalize. */
    @Test
    void gatesOverTheChosenMayBeNormalised() throws IOException {
        CaseResult result = verify(CHOSEN, config -> config.put("normalize", true), tensors -> {});
        assertThat(result.passed()).as(result.line()).isTrue();
    }

    /** Biases of zero change no output and no other gradient; the gate itself has none. */
    @Test
    void gatedExpertsMayHaveBiases() throws IOException {
        CaseResult result = verify(
                SIGMOID,
                config -> config.put("expert_bias", true),
                tensors -> Map.copyOf(tensors).forEach((name, tensor) -> {
                    if (name.startsWith("param.") && name.matches(".*layer[12]\\.weight")) {
                        int width = (int) tensor.shape()[0];
                        tensors.put(name.replace("weight", "bias"), Tensor.of(new float[width], width));
                    }
                }));
        assertThat(result.problem()).isEmpty();
        assertThat(result.tensors().filter(t -> !t.passed()).map(TensorDifference::name))
                .isNotEmpty()
                .allMatch(name -> name.matches("grad\\.(experts\\.\\d|shared)\\.layer[12]\\.bias"));
    }

    /** {@code E * sum_i f_i P_i} by hand; P is the mean score, which for sigmoid scores sums to no one. */
    @Test
    void sigmoidScoresBalanceAsTheyAre() throws IOException {
        CaseResult result = verify(
                SIGMOID,
                config -> config.put("load_balance", "switch"),
                tensors -> tensors.put("output.load_balance", Tensor.of(new float[] {(float) balance(tensors)})));
        assertThat(result.tensors().filter(t -> t.name().equals("output.load_balance")))
                .hasSize(CPU.size())
                .allMatch(TensorDifference::passed);
    }

    private static double balance(Map<String, Tensor> tensors) {
        double[] x = tensors.get("input.x").doubles();
        double[] router = tensors.get("param.switch.weight").doubles();
        long[] counts = tensors.get("output.counts").longs();
        int e = counts.length;
        int d = router.length / e;
        int tokens = x.length / d;
        double loss = 0;
        for (int expert = 0; expert < e; expert++) {
            double scores = 0;
            for (int token = 0; token < tokens; token++) {
                double logit = 0;
                for (int i = 0; i < d; i++) {
                    logit += x[token * d + i] * router[expert * d + i];
                }
                scores += 1 / (1 + Math.exp(-logit));
            }
            loss += e * (counts[expert] / (2.0 * tokens)) * (scores / tokens);
        }
        return loss;
    }

    @Test
    void nothingFits() throws IOException {
        CaseResult result = verify(CHOSEN, config -> config.put("capacity", 0), tensors -> {
            Tensor y = tensors.get("output.y");
            tensors.put("output.y", Tensor.of(new float[y.elements()], y.shape()));
            tensors.put("output.n_dropped", Tensor.of(new long[] {48 * 4}));
        });
        assertThat(result.tensors().filter(t -> t.name().matches("output\\.(y|n_dropped|counts|gates|z_loss)")))
                .hasSize(5 * CPU.size())
                .allMatch(TensorDifference::passed);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "score|\"softplus\"|config score is \"softplus\"; allowed: softmax, sigmoid",
                "score_over|\"chosen\"|config: model.router_scope is chosen; allowed: only all with model.router_score=sigmoid",
                "activation|\"swish\"|config activation is \"swish\"; allowed: relu, gelu, sigmoid, silu",
                "load_balance|\"entropy\"|config load_balance is \"entropy\"; allowed: none, switch",
                "top_k|5|config: model.top_k is 5; allowed: whole numbers from 1 to model.n_experts=4",
                "top_k|1|cpu loop: ",
                "scale|0|config: model.gate_scale is 0.0; allowed: finite numbers above 0",
                "shared_experts|-1|config shared_experts * d_ff is -12, but param.shared.layer1.weight is F32 [12, 8]",
                "shared_experts|2000000000|config shared_experts * d_ff is 24000000000, but param.shared.layer1.weight is F32 [12, 8]",
                "shared_experts|0|config shared_experts * d_ff is 0, but param.shared.layer1.weight is F32 [12, 8]",
                "router_bias|true|cpu loop: weights do not fit the model: missing 'switch.bias'",
                "selection_bias|true|cpu loop: weights do not fit the model: missing 'selection_bias'",
                "drop_tokens|true|config has no 'capacity'",
                "z_loss|null|config has no 'z_loss'",
                "d_model|9|config d_model is 9, but param.switch.weight is F32 [4, 8]"
            })
    void whatMakesNoSenseIsSaidInOneLine(String key, String value, String complaint) throws IOException {
        JsonNode setting = Json.MAPPER.readTree(value);
        CheckerTest.assertFails(verify(SIGMOID, config -> config.set(key, setting), tensors -> {}), complaint);
    }

    @Test
    void permutationsAreOfOtherKinds() throws IOException {
        CaseResult result =
                verify(CHOSEN, config -> {}, tensors -> tensors.put("input.perm.3", Tensor.of(new long[] {1, 0}, 2)));
        assertThat(result.line()).contains("a case of kind moe has no input.perm.3");
    }
}
