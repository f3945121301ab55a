package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import org.junit.jupiter.api.Test;

/** Where the paper and the reference differ. */
class SwitchSemanticsTest {

    private static final String SIZES = "model.heads=1 model.d_model=4 model.d_ff=6 model.n_experts=2 ";

    @Test
    void paperGivesDroppedTokensZero() {
        Outcome o = run(Semantics.PAPER, "model.capacity_factor=0.5 model.min_capacity=0", true);
        assertThat(o.plan.dropped()).isNotEmpty();
        for (int token : o.plan.dropped()) {
            for (float value : o.row(o.y, token)) {
                assertThat(value + 0.0f).isZero();
            }
        }
    }

    @Test
    void referencePassesDroppedTokensThroughScaled() {
        Outcome o = run(Semantics.REFERENCE, "model.capacity_factor=0.5", true);
        assertThat(o.plan.dropped()).isNotEmpty();
        for (int token : o.plan.dropped()) {
            float p = o.chosen[token];
            float[] x = o.row(o.x, token);
            for (int i = 0; i < x.length; i++) {
                assertThat(o.row(o.y, token)[i]).isEqualTo(x[i] * p, within(1e-6f));
            }
        }
    }

    @Test
    void referencePassesDroppedTokensThroughUnscaledWithoutScaling() {
        Outcome o = run(Semantics.REFERENCE, "model.capacity_factor=0.5 model.is_scale_prob=false", true);
        for (int token : o.plan.dropped()) {
            assertThat(o.row(o.y, token)).containsExactly(o.row(o.x, token));
        }
    }

    @Test
    void paperHasItsOwnCapacityAtEvaluation() {
        String settings = "model.capacity_factor=0.5 model.min_capacity=0 model.eval_capacity_factor=2.0";
        assertThat(run(Semantics.PAPER, settings, true).plan.droppedCount()).isPositive();
        assertThat(run(Semantics.PAPER, settings, false).plan.droppedCount()).isZero();
        assertThat(run(Semantics.PAPER, settings, false).plan.capacity()).isEqualTo(12);
    }

    @Test
    void minimumCapacityHoldsForFewTokens() {
        Outcome o = run(Semantics.PAPER, "model.capacity_factor=0.01 model.min_capacity=5", true);
        assertThat(o.plan.capacity()).isEqualTo(5);
    }

    @Test
    void jitterChangesTheRouterOnlyInTraining() {
        String jitter = "model.router_jitter=0.5";
        assertThat(run(Semantics.PAPER, jitter, true).probabilities)
                .isNotEqualTo(run(Semantics.PAPER, "model.router_jitter=0", true).probabilities);
        assertThat(run(Semantics.PAPER, jitter, false).probabilities)
                .isEqualTo(run(Semantics.PAPER, "model.router_jitter=0", false).probabilities);
    }

    private static Outcome run(Semantics semantics, String settings, boolean training) {
        ModelConfig config = Modules.model(semantics, SIZES + settings);
        try (NDManager manager = NDManager.newBaseManager();
                NDManager step = manager.newSubManager()) {
            SwitchFeedForward block = Modules.initialize(new SwitchFeedForward(config, 0), manager, 2);
            NDArray x = Modules.random(step, 1, 6, 2, 4); // (S, B, D)
            StepWeights weights = new StepWeights(step, block, false);
            Pass pass = new Pass(
                    step,
                    manager,
                    weights,
                    training,
                    DropPolicy.byPosition(),
                    layer -> new java.util.SplittableRandom(layer));
            FeedForwardBlock.Output output = block.forward(pass, x);
            Routing routing = output.routing().orElseThrow();
            Outcome outcome = new Outcome(
                    x.toFloatArray(),
                    output.y().toFloatArray(),
                    routing.chosen().toFloatArray(),
                    routing.probabilities(),
                    routing.plan());
            block.clear();
            return outcome;
        }
    }

    private record Outcome(float[] x, float[] y, float[] chosen, float[] probabilities, RoutingPlan plan) {

        float[] row(float[] of, int token) {
            return java.util.Arrays.copyOfRange(of, token * 4, token * 4 + 4);
        }
    }
}
