package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.experiment.TrainConfig.LoadBalanceScope;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/**
 * Whole models by fused primitives against the loop over experts under autograd: routes, logits, and the gradients of
 * all weights for a loss that has the router's losses in it. Products in bfloat16 are left out: they may move a later
 * layer's routes.
 */
class FusedModelTest {

    private static final int V = 7;

    /**
     * Of {@link Forms#agree}: up to four layers, each of which amplifies what sums in another order changed. Seen:
     * 3.5e-6.
     */
    private static final double TOLERANCE = 2e-5;

    @Provide
    Arbitrary<String> experts() {
        return Combinators.combine(
                        Arbitraries.of(
                                "model.n_experts=1",
                                "model.n_experts=4",
                                "model.n_experts=9",
                                "model.n_experts=5 model.top_k=2",
                                "model.n_experts=6 model.top_k=3 model.shared_experts=1",
                                "model.n_experts=3 model.top_k=3 model.shared_experts=2"),
                        Arbitraries.of(
                                "model.router_score=softmax",
                                "model.router_scope=chosen",
                                "model.router_score=sigmoid",
                                "model.router_score=sigmoid model.normalize_gates=true model.gate_scale=2.5"),
                        Arbitraries.of(
                                "model.exploration=argmax",
                                "model.exploration=jitter model.router_jitter=0.1",
                                "model.exploration=input_dropout model.router_input_dropout=0.2"))
                .as((choices, scores, exploration) -> choices + " " + scores + " " + exploration);
    }

    @Provide
    Arbitrary<String> capacities() {
        Arbitrary<String> drops = Combinators.combine(
                        Arbitraries.of(0.2, 0.7, 1.25),
                        Arbitraries.of("zero", "pass_through", "next_choice"),
                        Arbitraries.of("position", "random"))
                .as((factor, dropped, order) -> "model.capacity_factor=" + factor + " model.dropped_tokens=" + dropped
                        + " model.drop_order=" + order);
        return Arbitraries.frequencyOf(Tuple.of(3, drops), Tuple.of(1, Arbitraries.just("model.drop_tokens=false")));
    }

    @Provide
    Arbitrary<String> layers() {
        return Combinators.combine(
                        Arbitraries.of("model.n_layers=1", "model.n_layers=3", "model.n_layers=4 model.moe_every=2"),
                        Arbitraries.of("none", "learned", "rotary"),
                        Arbitraries.of("relu", "gelu", "sigmoid", "silu", "relu2"),
                        Arbitraries.of("true", "false"),
                        Arbitraries.of(
                                "",
                                " model.feed_forward_bias=false",
                                " model.attention_bias=true model.router_bias=true"),
                        Arbitraries.of(1, 2, 4),
                        Arbitraries.of(
                                "",
                                " model.norm=rms",
                                " model.bigram=true",
                                " model.qk_norm=true",
                                " model.norm=rms model.qk_norm=true model.bigram=true"))
                .as((n, positions, activation, gated, biases, heads, more) -> n + " model.positions=" + positions
                        + " model.activation=" + activation + " model.gated=" + gated + biases + " model.heads="
                        + heads + more);
    }

    @Property(tries = 120, seed = "12", edgeCases = EdgeCasesMode.NONE)
    void isTheModelOfTheLoop(
            @ForAll("experts") String experts,
            @ForAll("capacities") String capacity,
            @ForAll("layers") String layers,
            @ForAll boolean selectionBias,
            @ForAll boolean routesOnDevice) {
        String settings = "model.d_model=8 model.d_ff=6 model.min_capacity=0 model.dropout=0 " + experts + " "
                + capacity + " " + layers;
        int seed = settings.hashCode();
        ProductKernel kernel = Forms.IN_FLOAT32.get(Math.floorMod(seed, Forms.IN_FLOAT32.size()));
        UnaryOperator<Pass> fused = Forms.fused(kernel);
        Outcome loop = run(settings + " model.dispatch=loop", selectionBias, Pass::plain);
        Outcome actual =
                run(settings, selectionBias, routesOnDevice ? pass -> fused.apply(pass.routedOnDevice()) : fused);
        assertThat(actual.routes).isEqualTo(loop.routes);
        Forms.agree(actual.tensors, loop.tensors, TOLERANCE, kernel.name());
    }

    /**
     * What a pass gave, on the host.
     *
     * @param routes by layer: how many pairs wanted each expert, and those that it kept
     * @param tensors "logits" and gradients
     */
    private record Outcome(List<String> routes, Map<String, float[]> tensors) {}

    /** Weights, tokens and their number depend on the settings alone. */
    private static Outcome run(String settings, boolean selectionBias, UnaryOperator<Pass> form) {
        ModelConfig model = Modules.model(Semantics.PAPER, settings);
        int seed = settings.replace(" model.dispatch=loop", "").hashCode();
        SplittableRandom random = new SplittableRandom(seed);
        int seqLen = random.nextInt(1, 10);
        int batch = random.nextInt(1, 5);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                NDManager step = manager.newSubManager()) {
            AutoregressiveModel network =
                    Modules.initialize(new AutoregressiveModel(model, V, seqLen, selectionBias), manager, seed);
            Forms.move(network);
            long[] tokens = random.longs((long) seqLen * batch, 0, V).toArray();
            List<String> routes = new ArrayList<>();
            Map<String, float[]> tensors = new LinkedHashMap<>();
            tensors.putAll(Forms.gradients(network, step, form, null, pass -> {
                AutoregressiveModel.Output output =
                        network.forward(pass, step.create(tokens, new Shape(seqLen, batch)));
                NDArray logits = output.logits(); // (S, B, V)
                tensors.put("logits", logits.toFloatArray());
                for (Routing routing : output.routing()) {
                    routes.add(routes(routing.plan()));
                }
                NDArray loss =
                        logits.mul(Modules.random(step, seed, seqLen, batch, V)).sum();
                return loss.add(LoadBalancingLoss.of(step, output.routing(), LoadBalanceScope.SEQUENCE))
                        .add(RouterZLoss.of(output.routing()));
            }));
            network.clear();
            return new Outcome(routes, tensors);
        }
    }

    private static String routes(RoutingPlan plan) {
        StringBuilder text = new StringBuilder();
        for (int expert = 0; expert < plan.experts(); expert++) {
            text.append(plan.count(expert)).append(Arrays.toString(plan.kept(expert)));
        }
        return text.toString();
    }
}
