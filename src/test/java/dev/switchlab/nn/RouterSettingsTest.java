package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.experiment.TrainConfig.LoadBalanceScope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What each setting of the router does, against plain Java, and where the paper and the reference differ. */
class RouterSettingsTest {

    private static final String SIZES = "model.heads=1 model.d_model=4 model.d_ff=6 model.n_experts=4 ";
    private static final int S = 30;
    private static final int B = 3;

    private static <T> T run(String settings, boolean training, Function<FeedForwardBlock.Output, T> read) {
        return run(Semantics.PAPER, settings, training, 0, read);
    }

    private static <T> T run(
            Semantics semantics,
            String settings,
            boolean training,
            int stream,
            Function<FeedForwardBlock.Output, T> read) {
        String jitter = settings.contains("router_jitter") ? "" : " model.router_jitter=0";
        ModelConfig model = Modules.model(semantics, SIZES + settings + jitter);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                NDManager step = manager.newSubManager()) {
            SwitchFeedForward block = Modules.initialize(new SwitchFeedForward(model, 0), manager, 2);
            Engine.getInstance().setRandomSeed(9);
            NDArray x = Modules.random(step, 1, S, B, 4); // (S, B, D)
            StepWeights weights = new StepWeights(step, block, false);
            ForwardContext pass = training
                    ? ForwardContext.training(
                            step,
                            weights,
                            DropPolicy.byPosition(),
                            layer -> new SplittableRandom(stream * 100L + layer))
                    : ForwardContext.evaluation(step, weights, DropPolicy.byPosition());
            T result = read.apply(block.forward(pass, x));
            block.clear();
            return result;
        }
    }

    private static float[] y(String settings, boolean training) {
        return run(settings, training, output -> output.y().toFloatArray());
    }

    private static Routing routing(FeedForwardBlock.Output output) {
        return output.routing().orElseThrow();
    }

    /** DeepSeek-V3's equations 17 to 20, as sums over tokens. */
    @Test
    void loadIsBalancedPerSequence() {
        String settings = "model.top_k=2 model.router_score=sigmoid";
        double[] lossAndPlain = run(settings, true, output -> {
            Routing routing = routing(output);
            float[] s = routing.scores().toFloatArray();
            double sum = 0;
            for (int b = 0; b < B; b++) {
                double[] f = new double[4];
                double[] p = new double[4];
                for (int t = 0; t < S; t++) {
                    int token = t * B + b;
                    double row = 0;
                    for (int e = 0; e < 4; e++) {
                        row += s[token * 4 + e];
                    }
                    for (int e = 0; e < 4; e++) {
                        p[e] += s[token * 4 + e] / row / S;
                    }
                    for (int k = 0; k < 2; k++) {
                        f[routing.plan().route(token, k)] += 4.0 / (2 * S);
                    }
                }
                for (int e = 0; e < 4; e++) {
                    sum += f[e] * p[e] / B;
                }
            }
            NDManager manager = output.y().getManager();
            return new double[] {
                LoadBalancingLoss.of(manager, List.of(routing), LoadBalanceScope.SEQUENCE)
                        .getFloat(),
                sum,
                LoadBalancingLoss.of(manager, List.of(routing), LoadBalanceScope.BATCH)
                        .getFloat()
            };
        });
        assertThat(lossAndPlain[0]).isCloseTo(lossAndPlain[1], within(1e-5));
        assertThat(lossAndPlain[0]).isNotCloseTo(lossAndPlain[2], within(1e-3));
    }

    @Test
    void zLossIsTheMeanSquareOfLogSumExp() {
        double[] lossAndPlain = run("", true, output -> {
            float[] logits = routing(output).logits().toFloatArray();
            double sum = 0;
            for (int row = 0; row < logits.length; row += 4) {
                double exp = 0;
                for (int e = 0; e < 4; e++) {
                    exp += Math.exp(logits[row + e]);
                }
                sum += Math.pow(Math.log(exp), 2) / (S * B);
            }
            return new double[] {RouterZLoss.of(List.of(routing(output))).getFloat(), sum};
        });
        assertThat(lossAndPlain[0]).isCloseTo(lossAndPlain[1], within(1e-5));
    }

    /** Over many draws each expert is first as often as its probability says. */
    @Test
    void samplingFollowsTheScores() {
        for (String scope : List.of("all", "chosen")) {
            String settings = "model.exploration=sample model.router_scope=" + scope;
            double[] drawn = new double[4];
            double[] expected = new double[4];
            int draws = 200;
            for (int i = 0; i < draws; i++) {
                run(Semantics.PAPER, settings, true, i, output -> {
                    Routing routing = routing(output);
                    float[] p = routing.probabilities();
                    for (int token = 0; token < S * B; token++) {
                        drawn[routing.plan().route(token)]++;
                        for (int e = 0; e < 4; e++) {
                            expected[e] += p[token * 4 + e];
                        }
                    }
                    return null;
                });
            }
            for (int e = 0; e < 4; e++) {
                assertThat(drawn[e] / draws / (S * B)).isCloseTo(expected[e] / draws / (S * B), within(0.01));
            }
        }
    }

    @Test
    void explorationIsForTrainingAlone() {
        float[] plain = y("model.exploration=argmax", false);
        for (String how : List.of(
                "model.exploration=sample",
                "model.exploration=input_dropout model.router_input_dropout=0.5",
                "model.exploration=jitter model.router_jitter=0.5")) {
            assertThat(y(how, false)).containsExactly(plain);
            assertThat(y(how, true)).isNotEqualTo(y("model.exploration=argmax", true));
        }
        assertThat(y("model.exploration=jitter", true)).containsExactly(y("model.exploration=argmax", true));
    }

    /** A share of the router's input is zero, and the rest so much larger. */
    @Test
    void inputDropoutReachesTheRouterAlone() {
        String settings = "model.drop_tokens=false model.is_scale_prob=false model.exploration=input_dropout"
                + " model.router_input_dropout=0.3";
        float[][] some = run(settings, true, output -> new float[][] {
            routing(output).logits().toFloatArray(), output.y().toFloatArray()
        });
        float[][] none = run(settings, false, output -> new float[][] {
            routing(output).logits().toFloatArray(), output.y().toFloatArray()
        });
        assertThat(some[0]).isNotEqualTo(none[0]);
        int same = 0;
        for (int token = 0; token < S * B; token++) {
            same += Math.abs(some[1][token * 4] - none[1][token * 4]) < 1e-5 ? 1 : 0;
        }
        // The expert sees the whole token: where the route is the same, so is the output.
        assertThat(same).isBetween(S * B / 4, S * B - 1);
    }

    @Test
    void expertDropoutIsInsideExperts() {
        float[] without = y("model.dropout=0", true);
        float[] with = y("model.dropout=0 model.expert_dropout=0.5", true);
        assertThat(with).isNotEqualTo(without);
        assertThat(y("model.dropout=0 model.expert_dropout=0.5", false)).containsExactly(y("", false));
        // Left out, it is the dropout of everything.
        assertThat(FeedForwardConfig.expert(Modules.model(Semantics.PAPER, "model.dropout=0.2"))
                        .dropout())
                .isEqualTo(0.2);
        assertThat(FeedForwardConfig.dense(Modules.model(Semantics.PAPER, "model.dropout=0.2 model.expert_dropout=0.4"))
                        .dropout())
                .isEqualTo(0.2);
    }

    @Test
    void thePaperGivesDroppedTokensZero() {
        run("model.capacity_factor=0.5 model.min_capacity=0", true, output -> {
            assertThat(routing(output).plan().dropped()).isNotEmpty();
            for (int token : routing(output).plan().dropped()) {
                assertThat(row(output.y().toFloatArray(), token)).containsExactly(new float[4], within(0f));
            }
            return null;
        });
    }

    /** Scaled by their gates, which are one without scaling. */
    @Test
    void theReferencePassesDroppedTokensThrough() {
        for (boolean scales : new boolean[] {true, false}) {
            String settings = "model.capacity_factor=0.5 model.is_scale_prob=" + scales;
            run(Semantics.REFERENCE, settings, true, 0, output -> {
                float[] x = Modules.random(output.y().getManager(), 1, S, B, 4).toFloatArray();
                float[] chosen = routing(output).chosen().toFloatArray();
                assertThat(routing(output).plan().dropped()).isNotEmpty();
                for (int token : routing(output).plan().dropped()) {
                    float[] expected = row(x, token);
                    for (int i = 0; i < expected.length; i++) {
                        expected[i] *= scales ? chosen[token] : 1;
                    }
                    assertThat(row(output.y().toFloatArray(), token))
                            .containsExactly(expected, within(scales ? 1e-6f : 0));
                }
                return null;
            });
        }
    }

    private static float[] row(float[] all, int token) {
        return Arrays.copyOfRange(all, token * 4, token * 4 + 4);
    }

    @Test
    void capacityIsThatOfTrainingOrEvaluation() {
        String settings = "model.capacity_factor=0.5 model.min_capacity=0 model.eval_capacity_factor=4";
        RoutingPlan trained = run(settings, true, output -> routing(output).plan());
        RoutingPlan evaluated = run(settings, false, output -> routing(output).plan());
        assertThat(trained.droppedCount()).isPositive();
        assertThat(trained.capacity()).isEqualTo(S * B / 8);
        assertThat(evaluated.droppedCount()).isZero();
        assertThat(evaluated.capacity()).isEqualTo(S * B);
        String few = "model.capacity_factor=0.01 model.min_capacity=5";
        assertThat(run(few, true, output -> routing(output).plan()).capacity()).isEqualTo(5);
    }

    /** Every second layer is sparse; the dense ones are as wide as what a token meets in a sparse one. */
    @Test
    void layersAreSparseEveryNth() {
        ModelConfig model = Modules.model(
                Semantics.PAPER,
                SIZES + "model.n_layers=5 model.moe_every=2 model.top_k=2 model.shared_experts=1"
                        + " model.positions=none");
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            AutoregressiveModel network = Modules.initialize(new AutoregressiveModel(model, 7, 8, true), manager, 1);
            assertThat(network.switchLayers().stream().map(SwitchFeedForward::layer))
                    .containsExactly(1, 3);
            var names = StateDict.of(network).weights();
            assertThat(names)
                    .containsKeys(
                            "transformer.layers.0.feed_forward.layer1.weight",
                            "transformer.layers.1.feed_forward.experts.3.layer1.weight",
                            "transformer.layers.1.feed_forward.shared.layer1.weight",
                            "transformer.layers.1.feed_forward.selection_bias")
                    .doesNotContainKey("transformer.layers.2.feed_forward.experts.0.layer1.weight");
            assertThat(names.get("transformer.layers.0.feed_forward.layer1.weight")
                            .shape())
                    .containsExactly(18, 4);
            assertThat(names.get("transformer.layers.1.feed_forward.shared.layer1.weight")
                            .shape())
                    .containsExactly(6, 4);
            List<Integer> layers = network.evaluate(
                    manager,
                    new long[8],
                    8,
                    1,
                    DropPolicy.byPosition(),
                    Forms.PLAIN,
                    output -> output.routing().stream().map(Routing::layer).toList());
            assertThat(layers).containsExactly(1, 3);
            network.clear();
        }
    }

    @Test
    void theSelectionBiasMovesTowardsTheLessLoaded() {
        float[] moved = moved(new float[] {0.5f, 0, 0, 0}, new long[] {9, 1, 5, 5}, 0.001);
        assertThat(moved).containsExactly(new float[] {0.499f, 0.001f, 0, 0}, within(1e-7f));
        // Centred: d = (+, +, +, -) has the mean 0.5 rate.
        float[] centred = moved(new float[4], new long[] {1, 1, 1, 9}, 0.01);
        assertThat(centred).containsExactly(new float[] {0.005f, 0.005f, 0.005f, -0.015f}, within(1e-7f));
    }

    private static float[] moved(float[] bias, long[] counts, double rate) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            SwitchFeedForward block = Modules.initialize(
                    new SwitchFeedForward(Modules.model(Semantics.PAPER, "model.n_experts=4"), 0, true), manager, 1);
            StateDict weights = StateDict.of(block).only(parameter -> !parameter.requiresGradient());
            weights.load(Map.of("selection_bias", new StateDict.Weight(new long[] {4}, bias)));
            block.moveSelectionBias(counts, rate);
            return weights.weights().get("selection_bias").values();
        }
    }
}
