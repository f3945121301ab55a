package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.Semantics;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The batched dispatch against the loop over experts: outputs, routing and every gradient. */
class DispatchTest {

    private static final int D = 8;

    @ParameterizedTest(name = "{0}, {1} experts, factor {2}, drop {3}, scale {4}")
    @CsvSource({
        "REFERENCE, 4, 1.2, true, true",
        "REFERENCE, 4, 0.5, true, false",
        "REFERENCE, 4, 1.0, false, true",
        "REFERENCE, 1, 0.5, true, true",
        "REFERENCE, 1, 1.0, false, false",
        "REFERENCE, 16, 0.25, true, true",
        "REFERENCE, 3, 0.01, true, true",
        "PAPER, 4, 1.0, true, true",
        "PAPER, 16, 0.5, true, false",
        "PAPER, 2, 0.3, true, true",
    })
    void batchedEqualsLoop(Semantics semantics, int experts, double factor, boolean drop, boolean scale) {
        Map<String, float[]> loop = run(DispatchForm.LOOP, semantics, experts, factor, drop, scale);
        Map<String, float[]> batched = run(DispatchForm.BATCHED, semantics, experts, factor, drop, scale);
        assertThat(batched.keySet()).isEqualTo(loop.keySet());
        loop.forEach(
                (name, expected) -> assertThat(batched.get(name)).as(name).containsExactly(expected, within(2e-6f)));
    }

    private static Map<String, float[]> run(
            DispatchForm form, Semantics semantics, int experts, double factor, boolean drop, boolean scale) {
        ModelConfig config = config(form, semantics, experts, factor, drop, scale);
        try (NDManager manager = NDManager.newBaseManager();
                NDManager step = manager.newSubManager()) {
            SwitchFeedForward block = Modules.initialize(new SwitchFeedForward(config, 0), manager, 5);
            NDArray x = Modules.random(step, 6, 7, 5, D); // (S, B, D)
            NDArray w = Modules.random(step, 7, 7, 5, D); // (S, B, D)
            Map<String, float[]> all = new LinkedHashMap<>();
            Map<String, float[]> gradients = Modules.gradients(block, step, x, weights -> {
                Pass pass = Pass.training(step, weights, DropPolicy.random(new java.util.SplittableRandom(3)), null);
                FeedForwardBlock.Output output = block.forward(pass, x);
                Routing routing = output.routing().orElseThrow();
                all.put("y", output.y().toFloatArray());
                all.put("dropped", floats(routing.plan().dropped()));
                NDArray aux = LoadBalancingLoss.of(step, java.util.List.of(routing)); // ()
                return output.y().mul(w).sum().add(aux);
            });
            all.putAll(gradients);
            block.clear();
            return all;
        }
    }

    private static ModelConfig config(
            DispatchForm form, Semantics semantics, int experts, double factor, boolean drop, boolean scale) {
        return Modules.model(
                semantics,
                "model.heads=1 model.d_model=" + D + " model.d_ff=12 model.min_capacity=0 model.router_jitter=0",
                "model.dispatch=" + form.name().toLowerCase(Locale.ROOT),
                "model.n_experts=" + experts + " model.capacity_factor=" + factor,
                "model.drop_tokens=" + drop + " model.is_scale_prob=" + scale + " train.batch_size=4096");
    }

    private static float[] floats(int[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = values[i];
        }
        return floats;
    }
}
