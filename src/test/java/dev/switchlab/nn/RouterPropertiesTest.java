package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/**
 * What holds for every router, over random routers and random tokens. The seeds are fixed: a failure comes again when
 * the test is run again; without them jqwik tries new cases.
 */
class RouterPropertiesTest {

    private static final int D = 6;
    private static final int TRIES = 150;

    /**
     * A layer and its input.
     *
     * @param settings of the model
     * @param bias whether the layer has a selection bias
     * @param seqLen S
     * @param batch B
     * @param seed of weights and tokens
     */
    record Layer(List<String> settings, boolean bias, int seqLen, int batch, int seed) {

        /** Later settings replace earlier ones. */
        ModelConfig model(String... more) {
            Map<String, String> last = new LinkedHashMap<>();
            Stream.concat(settings.stream(), Stream.of(more))
                    .forEach(setting -> last.put(setting.substring(0, setting.indexOf('=')), setting));
            return Modules.model(Semantics.PAPER, last.values().toArray(String[]::new));
        }

        int tokens() {
            return seqLen * batch;
        }
    }

    @Provide
    Arbitrary<Layer> layers() {
        Arbitrary<List<String>> choice = Arbitraries.oneOf(
                        Arbitraries.integers().between(1, 9), Arbitraries.just(16))
                .flatMap(experts -> Arbitraries.integers()
                        .between(1, Math.min(experts, 4))
                        .map(topK -> List.of("model.n_experts=" + experts, "model.top_k=" + topK)));
        Arbitrary<List<String>> score = Arbitraries.of(
                List.of("model.router_score=softmax"),
                List.of("model.is_scale_prob=false"),
                List.of("model.router_score=sigmoid"),
                List.of("model.router_scope=chosen"),
                List.of("model.router_score=softmax", "model.normalize_gates=true"),
                List.of("model.router_score=sigmoid", "model.normalize_gates=true", "model.gate_scale=2.5"));
        Arbitrary<List<String>> full = Combinators.combine(
                        Arbitraries.of(0.01, 0.2, 0.5, 0.9, 1.25, 3.0),
                        Arbitraries.of("zero", "pass_through", "next_choice"),
                        Arbitraries.of(true, true, false))
                .as((factor, dropped, drops) -> List.of(
                        "model.capacity_factor=" + factor,
                        "model.dropped_tokens=" + dropped,
                        "model.drop_tokens=" + drops));
        Arbitrary<List<String>> rest = Combinators.combine(
                        Arbitraries.integers().between(0, 2), Arbitraries.of(true, false), Arbitraries.of(true, false))
                .as((shared, gated, biases) -> List.of(
                        "model.shared_experts=" + shared, "model.gated=" + gated, "model.feed_forward_bias=" + biases));
        Arbitrary<Tuple.Tuple3<Integer, Integer, Integer>> input = Combinators.combine(
                        Arbitraries.integers().between(1, 7),
                        Arbitraries.integers().between(1, 4),
                        Arbitraries.integers().between(0, 1_000_000))
                .as(Tuple::of);
        return Combinators.combine(choice, score, full, rest, Arbitraries.of(true, false), input)
                .as((c, s, f, r, bias, in) -> {
                    List<String> settings = new ArrayList<>(List.of(
                            "model.heads=1",
                            "model.d_model=" + D,
                            "model.d_ff=5",
                            "model.min_capacity=0",
                            "model.exploration=argmax",
                            "model.activation=silu",
                            "train.batch_size=1000"));
                    List.of(c, s, f, r).forEach(settings::addAll);
                    if (!c.contains("model.top_k=1")) {
                        settings.remove("model.is_scale_prob=false"); // several choices are weighed by their gates
                    }
                    return new Layer(settings, bias, in.get1(), in.get2(), in.get3());
                });
    }

    /** What a pass through a layer gave, on the host. */
    private record Outcome(
            float[] y, RoutingPlan plan, float[] gates, RoutingStatistics statistics, Map<String, float[]> gradients) {}

    private static Outcome run(Layer layer, ModelConfig model) {
        return run(layer, model, Forms.PLAIN);
    }

    private static Outcome run(Layer layer, ModelConfig model, UnaryOperator<ForwardContext> form) {
        return run(layer, model, form, tokens(layer), new int[0]);
    }

    private static float[] tokens(Layer layer) {
        SplittableRandom random = new SplittableRandom(layer.seed);
        float[] x = new float[layer.tokens() * D];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    /** @param order where each expert's weights come from; empty for their own place */
    private static Outcome run(
            Layer layer, ModelConfig model, UnaryOperator<ForwardContext> form, float[] tokens, int[] order) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                NDManager step = manager.newSubManager()) {
            SwitchFeedForward block = Modules.initialize(
                    new SwitchFeedForward(model, 0, layer.bias, ProcessGroup.single()), manager, layer.seed);
            StateDict dict = StateDict.of(block);
            dict.load(permuted(withBias(dict.weights(), layer.seed), order));
            NDArray x = step.create(tokens, new Shape(layer.seqLen, layer.batch, D)); // (S, B, D)
            NDArray w = Modules.random(step, layer.seed + 1, layer.seqLen, layer.batch, D); // (S, B, D)
            Outcome[] outcome = new Outcome[1];
            Map<String, float[]> gradients = Forms.gradients(block, step, form, x, pass -> {
                FeedForwardBlock.Output output = block.forward(pass, x);
                Routing routing = output.routing().orElseThrow();
                outcome[0] = new Outcome(
                        output.y().toFloatArray(),
                        routing.plan(),
                        routing.gates().toFloatArray(),
                        RoutingStatistics.of(routing),
                        Map.of());
                return output.y()
                        .mul(w)
                        .sum()
                        .add(LoadBalancingLoss.of(step, List.of(routing)))
                        .add(RouterZLoss.of(List.of(routing)));
            });
            block.clear();
            Outcome o = outcome[0];
            return new Outcome(o.y, o.plan, o.gates, o.statistics, gradients);
        }
    }

    /** A selection bias that is not zero. */
    private static Map<String, StateDict.Weight> withBias(Map<String, StateDict.Weight> weights, int seed) {
        Map<String, StateDict.Weight> all = new LinkedHashMap<>(weights);
        StateDict.Weight bias = weights.get("selection_bias");
        if (bias != null) {
            float[] values = new float[bias.values().length];
            SplittableRandom random = new SplittableRandom(seed + 2);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (random.nextDouble() - 0.5);
            }
            all.put("selection_bias", new StateDict.Weight(bias.shape(), values));
        }
        return all;
    }

    /** Moves experts with their rows of the router and their biases. */
    private static Map<String, StateDict.Weight> permuted(Map<String, StateDict.Weight> weights, int[] order) {
        if (order.length == 0) {
            return weights;
        }
        Map<String, StateDict.Weight> moved = new LinkedHashMap<>();
        weights.forEach((name, weight) -> {
            if (name.startsWith("experts.")) {
                int dot = name.indexOf('.', 8);
                int expert = Integer.parseInt(name.substring(8, dot));
                moved.put(name, weights.get("experts." + order[expert] + name.substring(dot)));
            } else if (name.startsWith("switch.") || name.equals("selection_bias")) {
                int row = weight.values().length / order.length;
                float[] rows = new float[weight.values().length];
                for (int expert = 0; expert < order.length; expert++) {
                    System.arraycopy(weight.values(), order[expert] * row, rows, expert * row, row);
                }
                moved.put(name, new StateDict.Weight(weight.shape(), rows));
            } else {
                moved.put(name, weight);
            }
        });
        return moved;
    }

    @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE, seed = "11")
    void loadsSumToOne(@ForAll("layers") Layer layer) {
        List<RoutingStatistics.Expert> experts =
                run(layer, layer.model()).statistics.experts();
        assertThat(experts.stream().mapToDouble(RoutingStatistics.Expert::load).sum())
                .isCloseTo(1, within(1e-9));
        assertThat(experts.stream()
                        .mapToDouble(RoutingStatistics.Expert::probability)
                        .sum())
                .isCloseTo(1, within(1e-5));
        if (layer.model().topK() > 1) {
            assertThat(experts.stream()
                            .mapToDouble(e -> e.firstChoice().orElseThrow())
                            .sum())
                    .isCloseTo(1, within(1e-9));
        }
    }

    @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE, seed = "13")
    void nothingIsDroppedWhereAllPairsFitAnywhere(@ForAll("layers") Layer layer) {
        ModelConfig model = layer.model();
        String enough = "model.capacity_factor=" + model.nExperts();
        assertThat(run(layer, layer.model(enough)).plan.droppedCount()).isZero();
        // No token left behind: with as many slots as tokens over all experts, one choice finds its place.
        ModelConfig next = layer.model(
                "model.top_k=1", "model.dropped_tokens=next_choice", "model.min_capacity=" + ceil(layer, model));
        assertThat(run(layer, next).plan.droppedCount()).isZero();
    }

    private static int ceil(Layer layer, ModelConfig model) {
        return (layer.tokens() + model.nExperts() - 1) / model.nExperts();
    }

    /** Experts are numbered, but the numbers mean nothing. */
    @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE, seed = "14")
    void expertsInAnotherOrderGiveTheSameOutput(@ForAll("layers") Layer layer) {
        ModelConfig model = layer.model();
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, model.nExperts()).boxed().toList());
        Collections.shuffle(order, new Random(layer.seed));
        int[] from = order.stream().mapToInt(i -> i).toArray();
        Outcome before = run(layer, model);
        Outcome after = run(layer, model, Forms.PLAIN, tokens(layer), from);
        assertThat(after.y).containsExactly(before.y, within(2e-5f));
        assertThat(after.plan.droppedCount()).isEqualTo(before.plan.droppedCount());
        for (int expert = 0; expert < from.length; expert++) {
            assertThat(after.plan.count(expert)).isEqualTo(before.plan.count(from[expert]));
        }
    }

    @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE, seed = "15")
    void gatesSumToOneWhereTheyAreNormalised(@ForAll("layers") Layer layer) {
        ModelConfig model = layer.model();
        boolean chosen = model.routerScope() == dev.switchlab.experiment.RouterScope.CHOSEN;
        Outcome outcome = run(layer, model);
        for (int token = 0; token < layer.tokens(); token++) {
            double sum = 0;
            for (int choice = 0; choice < model.topK(); choice++) {
                float gate = outcome.gates[token * model.topK() + choice];
                assertThat(gate).isPositive();
                sum += gate;
            }
            if (chosen || model.normalizeGates()) {
                assertThat(sum).isCloseTo(model.gateScale(), within(1e-5));
            }
        }
    }

    /** Without dropping, and with one choice per token dropped by position: see {@link RoutingPlan}. */
    @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE, seed = "16")
    void aLaterTokenChangesNothingBeforeIt(@ForAll("layers") Layer layer) {
        ModelConfig asked = layer.model();
        ModelConfig model = !asked.dropTokens()
                ? asked
                : layer.model(
                        "model.top_k=1",
                        "model.dropped_tokens="
                                + (asked.droppedTokens() == ModelConfig.DroppedTokens.PASS_THROUGH
                                        ? "pass_through"
                                        : "zero"));
        int later = layer.seed % layer.tokens();
        float[] tokens = tokens(layer);
        float[] changed = tokens.clone();
        for (int i = later * D; i < changed.length; i++) {
            changed[i] = 1 - 2 * changed[i];
        }
        float[] before = Arrays.copyOf(run(layer, model, Forms.PLAIN, tokens, new int[0]).y, later * D);
        float[] after = Arrays.copyOf(run(layer, model, Forms.PLAIN, changed, new int[0]).y, later * D);
        assertThat(after).containsExactly(before, within(2e-5f));
    }

    @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE, seed = "17")
    void kernelsAgreeWithPlainOperators(@ForAll("layers") Layer layer) {
        Outcome plain = run(layer, layer.model());
        for (ProductKernel kernel : Forms.IN_FLOAT32) { // convolutions have their rows per expert rounded up
            Outcome actual = run(layer, layer.model(), Forms.by(kernel));
            assertThat(actual.plan.dropped()).isEqualTo(plain.plan.dropped());
            assertThat(actual.y).containsExactly(plain.y, within(2e-5f));
            Forms.agree(actual.gradients, plain.gradients, Forms.FLOAT32, kernel.name());
        }
    }
}
