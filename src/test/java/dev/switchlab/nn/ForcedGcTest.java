package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.experiment.TrainConfig.LoadBalanceScope;
import dev.switchlab.nn.kernel.Kernels;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
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
        "false, 0.1, REFERENCE, ''",
        "false, 0.1, PAPER, ''",
        "false, 0.1, PAPER, model.top_k=2 model.router_scope=chosen",
        "false, 0.1, PAPER, model.top_k=2 model.router_score=sigmoid model.normalize_gates=true model.gate_scale=2.5"
                + " model.shared_experts=1 model.exploration=input_dropout",
        "false, 0.1, PAPER, model.norm=rms model.activation=relu2 model.qk_norm=true model.bigram=true",
        "true, 0, PAPER, model.norm=rms model.activation=relu2 model.qk_norm=true model.bigram=true",
        "true, 0.1, REFERENCE, ''",
        "true, 0, PAPER, model.top_k=2 model.shared_experts=1",
    })
    void gradientsSurviveGarbageCollection(boolean fused, double dropout, Semantics semantics, String settings) {
        Map<String, float[]> quiet = gradients(fused, dropout, semantics, settings, false);
        for (int i = 0; i < 5; i++) {
            Map<String, float[]> collected = gradients(fused, dropout, semantics, settings, true);
            quiet.forEach(
                    (name, expected) -> assertThat(collected.get(name)).as(name).isEqualTo(expected));
        }
    }

    private static Map<String, float[]> gradients(
            boolean fused, double dropout, Semantics semantics, String settings, boolean collect) {
        ModelConfig config = Modules.model(
                semantics,
                "model.d_model=8 model.heads=2 model.d_ff=12 model.n_layers=2 model.n_experts=3 model.positions=rotary"
                        + (settings.contains("model.activation") ? "" : " model.activation=silu")
                        + " model.gated=true model.capacity_factor=0.8 model.router_jitter=0.1"
                        + " model.dropout=" + dropout + " model.expert_dropout=" + dropout,
                settings);
        try (NDManager manager = NDManager.newBaseManager();
                NDManager step = manager.newSubManager()) {
            AutoregressiveModel model = Modules.initialize(new AutoregressiveModel(config, 7, 6, true), manager, 1);
            Engine.getInstance().setRandomSeed(4);
            StepWeights weights = new StepWeights(step, model, true);
            Pass plain = Pass.training(
                    step, weights, DropPolicy.random(new SplittableRandom(1)), layer -> new SplittableRandom(layer));
            Pass pass = fused ? plain.fusedBy(Kernels.MATRIX) : plain;
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray loss = loss(model, pass, step);
                if (collect) {
                    collectGarbage();
                }
                if (fused) {
                    pass.backward(loss);
                } else {
                    collector.backward(loss);
                }
            }
            Map<String, float[]> gradients = new LinkedHashMap<>();
            StateDict.of(model)
                    .trainable()
                    .values(weights::gradient)
                    .forEach((name, w) -> gradients.put(name, w.values()));
            model.clear();
            return gradients;
        }
    }

    private static NDArray loss(AutoregressiveModel model, Pass pass, NDManager step) {
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
