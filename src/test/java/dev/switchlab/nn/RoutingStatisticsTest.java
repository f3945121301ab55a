package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.Semantics;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The statistics against loops over tokens. */
class RoutingStatisticsTest {

    private static final int E = 5;
    private static final int N = 63;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.capacity_factor=0.6",
                "model.top_k=2 model.router_scope=chosen model.capacity_factor=0.6",
                "model.top_k=2 model.router_score=sigmoid model.dropped_tokens=next_choice model.capacity_factor=0.8",
                "model.top_k=3 model.normalize_gates=true model.gate_scale=2 model.drop_tokens=false",
            })
    void areWhatLoopsCount(String settings) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            SwitchFeedForward block = Modules.initialize(
                    new SwitchFeedForward(
                            Modules.model(
                                    Semantics.PAPER,
                                    "model.heads=1 model.d_model=8 model.d_ff=4 model.n_experts=" + E
                                            + " model.router_jitter=0 model.min_capacity=0 " + settings),
                            2,
                            true,
                            ProcessGroup.single()),
                    manager,
                    4);
            block.moveSelectionBias(new long[] {9, 1, 1, 1, 1}, 0.05);
            NDArray x = Modules.random(manager, 3, N / 3, 3, 8); // (S, B, D)
            ForwardContext pass = ForwardContext.training(
                    manager, new StepWeights(manager, block, false), DropPolicy.random(new SplittableRandom(1)), null);
            check(block.forward(pass, x).routing().orElseThrow());
            block.clear();
        }
    }

    private static void check(Routing routing) {
        RoutingStatistics statistics = RoutingStatistics.of(routing);
        RoutingPlan plan = routing.plan();
        float[] p = routing.probabilities();
        int k = plan.choices();
        boolean shares = routing.model().normalizeGates();
        double entropy = 0;
        double confidence = 0;
        double[] mean = new double[E];
        int[] dropped = new int[E];
        for (int pair : plan.dropped()) {
            dropped[plan.route(pair / k, pair % k)]++;
        }
        for (int token = 0; token < N; token++) {
            double own = 0;
            for (int choice = 0; choice < k; choice++) {
                own += probabilityOrScore(routing, p, token, plan.route(token, choice));
            }
            double first = probabilityOrScore(routing, p, token, plan.route(token));
            confidence += shares || isOfChosen(routing) ? first / own : first;
            for (int expert = 0; expert < E; expert++) {
                double q = p[token * E + expert];
                mean[expert] += q / N;
                entropy -= q > 0 ? q * Math.log(q) : 0;
            }
        }
        assertThat(statistics.layer()).isEqualTo(2);
        assertThat(statistics.routerEntropy()).isCloseTo(entropy / N, within(1e-6));
        assertThat(statistics.confidence()).isCloseTo(confidence / N, within(1e-6));
        assertThat(statistics.droppedFraction()).isEqualTo(plan.droppedCount() / (double) plan.pairs());
        int fullest = 0;
        for (int expert = 0; expert < E; expert++) {
            RoutingStatistics.Expert own = statistics.experts().get(expert);
            fullest = Math.max(fullest, plan.count(expert));
            assertThat(own.load()).isEqualTo(plan.count(expert) / (double) plan.pairs());
            assertThat(own.probability()).isCloseTo(mean[expert], within(1e-6));
            assertThat(own.dropped()).isEqualTo(dropped[expert] / (double) plan.pairs());
            assertThat(own.utilization()).isEqualTo((double) plan.keptCount(expert) / plan.capacity());
            assertThat(own.selectionBias().orElseThrow()).isCloseTo(expert == 0 ? -0.08 : 0.02, within(1e-6));
            if (k == 1) {
                assertThat(own.firstChoice()).isEmpty();
            } else {
                int index = expert;
                long first = IntStream.range(0, N)
                        .filter(token -> plan.route(token) == index)
                        .count();
                assertThat(own.firstChoice().orElseThrow()).isEqualTo((double) first / N);
            }
        }
        assertThat(statistics.maxViolation()).isCloseTo((double) fullest * E / plan.pairs() - 1, within(1e-12));
    }

    private static boolean isOfChosen(Routing routing) {
        return routing.model().routerScope() == dev.switchlab.experiment.RouterScope.CHOSEN;
    }

    /** A sigmoid score, which is no share of anything, or a probability. */
    private static double probabilityOrScore(Routing routing, float[] p, int token, int expert) {
        return routing.model().routerScore() == dev.switchlab.experiment.RouterScore.SIGMOID
                ? routing.scores().toFloatArray()[token * E + expert]
                : p[token * E + expert];
    }
}
