package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code logits[s, b, :] += table[tokens[s, b], :]}, and nothing else changes. */
class BigramTest {

    private static final int V = 5;
    private static final int S = 7;
    private static final int B = 2;
    private static final String TABLE = "bigram.weight";

    @ParameterizedTest
    @CsvSource({
        "false, model.n_experts=3",
        "true,  model.n_experts=3",
        "false, model.feed_forward=dense model.n_experts=1",
        "true,  model.feed_forward=dense model.n_experts=1"
    })
    void addsTheRowOfTheToken(boolean byKernels, String settings) {
        UnaryOperator<ForwardContext> form = byKernels ? Forms.by(ProductKernel.MATRIX) : Forms.PLAIN;
        long[] tokens = new SplittableRandom(2).longs(S * B, 0, V - 1).toArray(); // the last one never comes
        float[] table = new float[V * V];
        SplittableRandom random = new SplittableRandom(4);
        for (int i = 0; i < table.length; i++) {
            table[i] = (float) random.nextGaussian();
        }
        Map<String, float[]> without = run(settings, new float[0], tokens, form);
        Map<String, float[]> zero = run(settings + " model.bigram=true", new float[V * V], tokens, form);
        Map<String, float[]> with = run(settings + " model.bigram=true", table, tokens, form);

        float[] gradient = new float[V * V];
        float[] logits = without.get("logits").clone();
        for (int i = 0; i < logits.length; i++) {
            int entry = (int) tokens[i / V] * V + i % V;
            logits[i] += table[entry];
            gradient[entry] += without.get("c")[i];
        }
        assertThat(with.get("logits")).containsExactly(logits, within(1e-6f));
        assertThat(zero.get("logits")).containsExactly(without.get("logits"));
        assertThat(with.remove(TABLE)).containsExactly(gradient, within(1e-6f));
        zero.remove(TABLE);
        with.put("logits", without.get("logits"));
        assertThat(with).containsExactlyInAnyOrderEntriesOf(without);
        assertThat(zero).containsExactlyInAnyOrderEntriesOf(without);
    }

    /** "logits", the weights "c" that the loss gives them, and gradients. */
    private static Map<String, float[]> run(
            String settings, float[] table, long[] tokens, UnaryOperator<ForwardContext> form) {
        ModelConfig model = Modules.model(
                Semantics.PAPER, "model.d_model=8 model.heads=2 model.d_ff=6 model.n_layers=2 " + settings);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                NDManager step = manager.newSubManager()) {
            AutoregressiveModel network = Modules.initialize(new AutoregressiveModel(model, V, S, false), manager, 1);
            StateDict dict = StateDict.of(network);
            Map<String, StateDict.Weight> weights = new LinkedHashMap<>(dict.weights());
            if (table.length > 0) {
                assertThat(weights.get(TABLE).values()).containsOnly(0).hasSize(V * V);
                weights.put(TABLE, new StateDict.Weight(new long[] {V, V}, table));
                dict.load(weights);
            }
            Map<String, float[]> all = new LinkedHashMap<>();
            all.putAll(Forms.gradients(network, step, form, null, pass -> {
                NDArray logits = network.forward(pass, step.create(tokens, new Shape(S, B)))
                        .logits(); // (S, B, V)
                NDArray c = Modules.random(step, 7, S, B, V);
                all.put("logits", logits.toFloatArray());
                all.put("c", c.toFloatArray());
                return logits.mul(c).sum();
            }));
            network.clear();
            return all;
        }
    }
}
