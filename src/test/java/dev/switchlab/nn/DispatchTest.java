package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The batched dispatch, and the fused one with each kernel in float32, against the loop over experts: outputs, routing
 * and every gradient. Two kernels have their rows per expert rounded up.
 */
class DispatchTest {

    private static final int D = 8;

    /** Of {@link Forms#agree}; seen: 3e-7. */
    private static final double TOLERANCE = 2e-6;

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
    void everyFormEqualsLoop(Semantics semantics, int experts, double factor, boolean drop, boolean scale) {
        Outcome loop = run(config(DispatchForm.LOOP, semantics, experts, factor, drop, scale), Pass::plain);
        agree(run(config(DispatchForm.BATCHED, semantics, experts, factor, drop, scale), Pass::plain), loop, "batched");
        ModelConfig config = config(DispatchForm.FUSED, semantics, experts, factor, drop, scale);
        for (ProductKernel kernel : Forms.IN_FLOAT32) {
            agree(run(config, Forms.fused(kernel)), loop, kernel.name());
        }
    }

    /** What a pass gave: the pairs that were dropped; "y" and gradients. */
    private record Outcome(int[] dropped, Map<String, float[]> tensors) {}

    private static void agree(Outcome actual, Outcome expected, String form) {
        assertThat(actual.dropped).as(form).isEqualTo(expected.dropped);
        Forms.agree(actual.tensors, expected.tensors, TOLERANCE, form);
    }

    private static Outcome run(ModelConfig config, UnaryOperator<Pass> form) {
        try (NDManager manager = NDManager.newBaseManager();
                NDManager step = manager.newSubManager()) {
            SwitchFeedForward block = Modules.initialize(new SwitchFeedForward(config, 0), manager, 5);
            NDArray x = Modules.random(step, 6, 7, 5, D); // (S, B, D)
            NDArray w = Modules.random(step, 7, 7, 5, D); // (S, B, D)
            Map<String, float[]> all = new LinkedHashMap<>();
            int[][] dropped = new int[1][];
            Map<String, float[]> gradients = Forms.gradients(block, step, form, x, pass -> {
                FeedForwardBlock.Output output = block.forward(pass, x);
                Routing routing = output.routing().orElseThrow();
                all.put("y", output.y().toFloatArray());
                dropped[0] = routing.plan().dropped();
                NDArray aux = LoadBalancingLoss.of(step, List.of(routing)); // ()
                return pass.leaf(output.y()).mul(w).sum().add(aux);
            });
            all.putAll(gradients);
            block.clear();
            return new Outcome(dropped[0], all);
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
}
