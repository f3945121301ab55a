// %% [markdown]
// # Routing inside out
//
// Eight tokens, three experts, by hand, against the formulas of *Switch Transformers* (Fedus, Zoph, Shazeer, 2021), section 2.2, and of
// those who went on from there.
//
// A router gives each token x a distribution over the experts, p(x) = softmax(W x). The token goes to the most probable one. Here are
// the probabilities of eight tokens; five of them want expert 0.

// %%
float[] p = {
    0.7f, 0.2f, 0.1f,
    0.6f, 0.3f, 0.1f,
    0.1f, 0.8f, 0.1f,
    0.5f, 0.2f, 0.3f,
    0.25f, 0.15f, 0.6f,
    0.8f, 0.1f, 0.1f,
    0.35f, 0.4f, 0.25f,
    0.4f, 0.35f, 0.25f};
int tokens = 8;
int experts = 3;

// %% [markdown]
// The layer that routes them is a DJL block. With three features, the logarithms of p as tokens, and a router whose W is the identity,
// its router probabilities are p.

// %%
import ai.djl.training.ParameterStore;
NDManager manager = NDManager.newBaseManager();
NDArray x = manager.create(p, new Shape(tokens, experts)).log();

// %%
SwitchFeedForward layer(String settings) {
    boolean biased = settings.contains("selection_bias");
    ModelConfig model = experiment("smoke")
        .with("model.d_model=3 model.heads=1 model.positions=none model.n_experts=3 model.router_bias=false")
        .with("model.exploration=argmax model.min_capacity=0").with(settings).experiment().model();
    SwitchFeedForward layer = new SwitchFeedForward(model, 0, biased);
    layer.initialize(manager, DataType.FLOAT32, x.getShape());
    var weights = new LinkedHashMap<>(StateDict.of(layer).weights());
    weights.put("switch.weight", new StateDict.Weight(new long[] {3, 3}, new float[] {1, 0, 0, 0, 1, 0, 0, 0, 1}));
    StateDict.of(layer).load(weights);
    return layer;
}
Routing route(SwitchFeedForward layer) {
    layer.forward(new ParameterStore(manager, false), new NDList(x), true);
    return layer.lastRouting().get();
}

// %% [markdown]
// ## Capacity
//
// An expert takes at most *capacity factor × tokens / experts* tokens (equation 3), rounded down. With factor 1 that is
// int(8 / 3) = 2; with 1.25 it is int(3.33) = 3.

// %%
RoutingPlan plan = route(layer("model.capacity_factor=1")).plan();
RoutingPlan roomier = route(layer("model.capacity_factor=1.25")).plan();
System.out.println("factor 1: " + plan.capacity() + ", factor 1.25: " + roomier.capacity());
assert plan.capacity() == (int) (1.0 * 8 / 3);
assert roomier.capacity() == (int) (1.25 * 8 / 3);

// %% [markdown]
// ## Dropping
//
// First come, first served by position: tokens 0, 1, 3, 5 and 7 want expert 0. With room for two, tokens 3, 5 and 7 are dropped, and
// only the residual connection carries them on.

// %%
int[] routes = IntStream.range(0, tokens).map(plan::route).toArray();
System.out.println("routes  " + Arrays.toString(routes));
System.out.println("dropped " + Arrays.toString(plan.dropped()));

// %%
assert Arrays.equals(routes, new int[] {0, 0, 1, 0, 2, 0, 1, 0});
assert Arrays.equals(plan.dropped(), new int[] {3, 5, 7});
for (int e = 0; e < experts; e++) {
    System.out.println("expert " + e + ": " + plan.count(e) + " wanted it, " + plan.keptCount(e) + " kept");
}

// %% [markdown]
// With factor 1.25 there is room for three, and two are dropped. Which ones may also be drawn at random, as the reference does; or they
// may try the next best expert that has room, so that no token is left behind (appendix B).

// %%
System.out.println(Arrays.toString(roomier.dropped()));
SwitchFeedForward random = layer("model.capacity_factor=1.25 model.drop_order=random");
random.setSeed(1);
System.out.println(Arrays.toString(route(random).plan().dropped()));
RoutingPlan next = route(layer("model.capacity_factor=1.25 model.dropped_tokens=next_choice")).plan();
System.out.println("token 5 wants expert " + next.route(5) + " and goes to expert " + next.assignedExpert(5));
assert next.droppedCount() == 0;

// %% [markdown]
// ## Balancing
//
// The auxiliary loss is N · Σ fᵢ · Pᵢ (equation 4): f is the share of tokens *routed* to expert i (equation 5; before dropping), P the
// mean router probability of expert i (equation 6). By hand:

// %%
double[] f = new double[experts];
double[] mean = new double[experts];
for (int t = 0; t < tokens; t++) {
    f[routes[t]] += 1.0 / tokens;
    for (int e = 0; e < experts; e++) {
        mean[e] += p[t * experts + e] / tokens;
    }
}
double loss = experts * IntStream.range(0, experts).mapToDouble(e -> f[e] * mean[e]).sum();
System.out.printf(Locale.ROOT, "f %s%nP %s%nloss %.6f%n", Arrays.toString(f), Arrays.stream(mean).mapToObj(m -> String.format(Locale.ROOT, "%.4f", m)).toList(), loss);

// %% [markdown]
// And the same from the model's own code, which sums router probabilities on the device.

// %%
Routing routing = route(layer("model.capacity_factor=1"));
routing.scores()
float modelLoss = LoadBalancingLoss.of(manager, List.of(routing)).getFloat();
System.out.printf(Locale.ROOT, "loss %.6f%n", modelLoss);
check(Math.abs(modelLoss - loss) < 1e-6, "the model's loss is the formula's");

// %% [markdown]
// It would be 1 with an even load, whatever the number of experts. Balancing works without a loss, too: a bias that moves the choice, but
// not the weight, and that itself moves against the load after each step (arXiv 2408.15664). Here the steps are large.

// %%
SwitchFeedForward biased = layer("train.selection_bias_rate=0.07");
for (int step = 0; step < 5; step++) {
    RoutingPlan now = route(biased).plan();
    long[] load = IntStream.range(0, experts).mapToLong(now::count).toArray();
    System.out.println("load " + Arrays.toString(load));
    biased.moveSelectionBias(load, 0.07);
}

// %%
check(route(biased).plan().count(0) < 5, "fewer tokens go to the expert that had too many");

// %% [markdown]
// ## Several experts per token
//
// With `model.top_k=2` a token goes to its two best experts, and an expert's capacity is for pairs of token and choice:
// int(1.25 × 2 × 8 / 3) = 6. First choices are served before second ones. Pair 2 t + k is token t's choice k.

// %%
Routing two = route(layer("model.top_k=2 model.capacity_factor=1.25"));
int[] second = IntStream.range(0, tokens).map(t -> two.plan().route(t, 1)).toArray();
System.out.println("first  " + Arrays.toString(IntStream.range(0, tokens).map(two.plan()::route).toArray()));
System.out.println("second " + Arrays.toString(second));
System.out.println("room for " + two.plan().capacity() + ", dropped pairs " + Arrays.toString(two.plan().dropped()));
assert Arrays.equals(second, new int[] {1, 1, 0, 2, 0, 1, 0, 1});
assert two.plan().capacity() == 6;
assert Arrays.equals(two.plan().dropped(), new int[] {9, 13});

// %% [markdown]
// Tokens 4 and 6 lose their second choice, expert 0: it has five first choices, and token 2's second one, which comes before theirs, takes
// the last place.
//
// What weighs the experts' outputs? The probabilities of the chosen, as above, or those divided by their sum, or times a factor, or a
// softmax over the chosen alone (the same as dividing), or sigmoid scores, each for itself. For token 0, whose probabilities are 0.7, 0.2
// and 0.1:

// %%
for (String settings : List.of("model.normalize_gates=false", "model.normalize_gates=true", "model.normalize_gates=true model.gate_scale=2.5",
        "model.router_scope=chosen", "model.router_score=sigmoid")) {
    float[] gates = route(layer("model.top_k=2 " + settings)).gates().toFloatArray();
    System.out.printf(Locale.ROOT, "%-48s %.4f %.4f%n", settings, gates[0], gates[1]);
}

// %%
float[] over = route(layer("model.top_k=2 model.router_scope=chosen")).gates().toFloatArray();
check(Math.abs(over[0] - 0.7 / 0.9) < 1e-6 && Math.abs(over[1] - 0.2 / 0.9) < 1e-6, "a softmax over the chosen divides by their sum");

// %% [markdown]
// The statistics that a training run logs for each layer are made of the same numbers.

// %%
RoutingStatistics statistics = RoutingStatistics.of(routing);
System.out.printf(Locale.ROOT, "entropy %.4f, confidence %.4f, dropped %.4f, max violation %.4f%n", statistics.routerEntropy(), statistics.confidence(), statistics.droppedFraction(), statistics.maxViolation());
assert statistics.droppedFraction() == 3.0 / 8;
manager.close();
