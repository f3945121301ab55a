package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.experiment.TrainConfig.LoadBalanceScope;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A garbage collection between forward and backward changes no gradient. DJL's {@code mul(Number)} and its relatives
 * fail this: they close the scalar's buffer while autograd still holds it.
 */
@Tag("slow")
class ForcedGcTest {

    @ParameterizedTest
    @CsvSource({
        "false, REFERENCE, ''",
        "false, PAPER, ''",
        "false, PAPER, model.top_k=2 model.router_scope=chosen",
        "false, PAPER, model.top_k=2 model.router_score=sigmoid model.normalize_gates=true model.gate_scale=2.5"
                + " model.shared_experts=1 model.exploration=input_dropout",
        "false, PAPER, model.norm=rms model.activation=relu2 model.qk_norm=true model.bigram=true",
        "true, PAPER, model.norm=rms model.activation=relu2 model.qk_norm=true model.bigram=true",
        "true, REFERENCE, ''",
        "true, PAPER, model.top_k=2 model.shared_experts=1",
        "true, PAPER, model.dropped_tokens=next_choice model.router_score=sigmoid model.normalize_gates=true"
                + " model.exploration=input_dropout",
    })
    void gradientsSurviveGarbageCollection(boolean byKernels, Semantics semantics, String settings) {
        Map<String, float[]> quiet = gradients(byKernels, semantics, settings, false);
        for (int i = 0; i < 5; i++) {
            Map<String, float[]> collected = gradients(byKernels, semantics, settings, true);
            quiet.forEach(
                    (name, expected) -> assertThat(collected.get(name)).as(name).isEqualTo(expected));
        }
    }

    private static Map<String, float[]> gradients(
            boolean byKernels, Semantics semantics, String settings, boolean collect) {
        ModelConfig config = Modules.model(
                semantics,
                "model.d_model=8 model.heads=2 model.d_ff=12 model.n_layers=2 model.n_experts=3 model.positions=rotary"
                        + (settings.contains("model.activation") ? "" : " model.activation=silu")
                        + " model.gated=true model.capacity_factor=0.8 model.router_jitter=0.1"
                        + " model.dropout=0.1 model.expert_dropout=0.1",
                settings);
        try (NDManager manager = NDManager.newBaseManager();
                NDManager step = manager.newSubManager()) {
            AutoregressiveModel model = Modules.initialize(new AutoregressiveModel(config, 7, 6, true), manager, 1);
            UnaryOperator<ForwardContext> form = byKernels ? Forms.by(ProductKernel.MATRIX) : Forms.PLAIN;
            Map<String, float[]> gradients = Forms.gradients(model, step, form, null, pass -> {
                NDArray loss = loss(model, pass, step);
                if (collect) {
                    collectGarbage();
                }
                return loss;
            });
            model.clear();
            return gradients;
        }
    }

    private static NDArray loss(AutoregressiveModel model, ForwardContext pass, NDManager step) {
        long[] tokens = {0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4};
        AutoregressiveModel.Output output = model.forward(pass, step.create(tokens, new Shape(6, 2)));
        NDArray square = output.logits().mul(output.logits()).sum(); // ()
        return square.add(LoadBalancingLoss.of(step, output.routing()))
                .add(LoadBalancingLoss.of(step, output.routing(), LoadBalanceScope.SEQUENCE))
                .add(RouterZLoss.of(output.routing()));
    }

    /** Collects until freed direct buffers are overwritten by new ones. */
    private static void collectGarbage() {
        for (int i = 0; i < 3; i++) {
            System.gc();
            for (int j = 0; j < 200; j++) {
                java.nio.ByteBuffer.allocateDirect(64).putLong(0, 0x7fc00000_7fc00000L);
            }
        }
    }
}
