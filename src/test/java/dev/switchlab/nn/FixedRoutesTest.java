package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Routers that nothing is learned for: who goes where, at which gate. */
class FixedRoutesTest {

    private static final int V = 13;
    private static final int S = 7;
    private static final int B = 3;
    private static final int E = 4;
    private static final String SIZES = "model.d_model=8 model.heads=2 model.d_ff=6 model.n_layers=2 model.n_experts="
            + E + " model.drop_tokens=false ";
    private static final long[] TOKENS =
            new SplittableRandom(3).longs(S * B, 0, V).toArray();

    @ParameterizedTest
    @CsvSource({"65, 8", "65, 32", "64, 4", "3, 8"})
    void tokensAreDealtEvenlyAndInEachLayerAnew(int tokens, int experts) {
        Set<List<Integer>> layers = new HashSet<>();
        for (int layer = 0; layer < 6; layer++) {
            int own = layer;
            List<Integer> dealt = IntStream.range(0, tokens)
                    .mapToObj(token -> FixedRoutes.expert(token, own, experts))
                    .toList();
            int[] loads = new int[experts];
            dealt.forEach(expert -> loads[expert]++);
            assertThat(Arrays.stream(loads).max().getAsInt()
                            - Arrays.stream(loads).min().getAsInt())
                    .isLessThanOrEqualTo(1);
            layers.add(dealt);
            if (tokens >= 2 * experts) {
                assertThat(dealt.subList(0, experts)).isNotEqualTo(dealt.subList(experts, 2 * experts));
            }
        }
        assertThat(layers).hasSize(6);
    }

    /** How a pass routes in each layer, by token. */
    private static List<List<Integer>> routes(String settings, boolean training, int stream) {
        ModelConfig model = Modules.model(Semantics.PAPER, SIZES + settings);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                NDManager step = manager.newSubManager()) {
            AutoregressiveModel network = Modules.initialize(new AutoregressiveModel(model, V, S, false), manager, 1);
            assertThat(StateDict.of(network).weights().keySet()).noneMatch(name -> name.contains(".switch."));
            StepWeights weights = new StepWeights(step, network, false);
            ForwardContext pass = training
                    ? ForwardContext.training(
                            step,
                            weights,
                            DropPolicy.byPosition(),
                            layer -> new SplittableRandom(stream * 100L + layer))
                    : ForwardContext.evaluation(step, weights, DropPolicy.byPosition());
            List<List<Integer>> routes = new ArrayList<>();
            for (Routing routing :
                    network.forward(pass, step.create(TOKENS, new Shape(S, B))).routing()) {
                assertThat(routing.gates().toFloatArray()).hasSize(S * B).containsOnly((float) model.gateScale());
                routes.add(IntStream.range(0, S * B)
                        .mapToObj(routing.plan()::route)
                        .toList());
            }
            network.clear();
            return routes;
        }
    }

    /** Nor does it matter how a router of another kind would explore. */
    @ParameterizedTest
    @ValueSource(strings = {"", "model.gate_scale=2.5", "model.exploration=sample", "model.is_scale_prob=false"})
    void aHashKnowsTheTokenAndTheLayerAlone(String more) {
        for (boolean training : new boolean[] {true, false}) {
            List<List<Integer>> routes = routes("model.router=hash " + more, training, 1);
            assertThat(routes).hasSize(2);
            for (int layer = 0; layer < 2; layer++) {
                for (int t = 0; t < S * B; t++) {
                    assertThat(routes.get(layer).get(t)).isEqualTo(FixedRoutes.expert((int) TOKENS[t], layer, E));
                }
            }
        }
    }

    @Test
    void atRandomAStepDrawsForEachTokenAndEvaluationDoesNot() {
        String random = "model.router=random model.exploration=sample";
        List<List<Integer>> first = routes(random, true, 1);
        assertThat(routes(random, true, 1)).isEqualTo(first);
        assertThat(routes(random, true, 2)).isNotEqualTo(first);
        assertThat(first.get(0)).isNotEqualTo(first.get(1)).contains(0, 1, 2, 3);
        assertThat(IntStream.range(0, S).mapToObj(s -> Set.copyOf(first.get(0).subList(s * B, (s + 1) * B))))
                .anyMatch(ofOnePosition -> ofOnePosition.size() > 1);
        List<List<Integer>> evaluated = routes(random, false, 1);
        for (int layer = 0; layer < 2; layer++) {
            for (int t = 0; t < S * B; t++) {
                assertThat(evaluated.get(layer).get(t)).isEqualTo(FixedRoutes.expert(t / B, layer, E));
            }
        }
    }

    /** As DJL runs it. */
    @Test
    void aLayerByItselfSeesNoTokens() {
        assertThatThrownBy(() -> byItself("hash"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("model.router=hash chooses experts by tokens, which a block by itself does not see; allowed"
                        + " there: learned, frozen, random; example: model.router=random");
        assertThat(byItself("random")).hasSize(20 * 8).isNotEqualTo(byItself("learned"));
    }

    private static float[] byItself(String router) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                NDManager step = manager.newSubManager()) {
            SwitchFeedForward layer = Modules.initialize(
                    new SwitchFeedForward(Modules.model(Semantics.PAPER, SIZES + "model.router=" + router), 0),
                    manager,
                    1);
            NDArray x = Modules.random(step, 4, 20, 8); // (N, D)
            return layer.forward(new ParameterStore(manager, false), new NDList(x), true)
                    .singletonOrThrow()
                    .toFloatArray();
        }
    }
}
