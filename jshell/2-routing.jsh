// %% [markdown]
// # Routing inside out
//
// Eight tokens, three experts, by hand, against the formulas of *Switch Transformers* (Fedus, Zoph, Shazeer, 2021), section 2.2.
//
// A router gives each token x a distribution over the experts, p(x) = softmax(W x). The token goes to the most probable one. Here are
// the probabilities of eight tokens; four of them want expert 0.

// %%
float[] p = {
    0.7f, 0.2f, 0.1f,
    0.6f, 0.3f, 0.1f,
    0.1f, 0.8f, 0.1f,
    0.5f, 0.2f, 0.3f,
    0.2f, 0.2f, 0.6f,
    0.8f, 0.1f, 0.1f,
    0.3f, 0.4f, 0.3f,
    0.4f, 0.35f, 0.25f};
int tokens = 8;
int experts = 3;

// %% [markdown]
// ## Capacity
//
// An expert takes at most *capacity factor × tokens / experts* tokens (equation 3), rounded down. With factor 1 that is
// int(8 / 3) = 2; with 1.25 it is int(3.33) = 3.

// %%
int capacity1 = new Capacity(1.0, 0).of(tokens, experts);
int capacity125 = new Capacity(1.25, 0).of(tokens, experts);
System.out.println("factor 1: " + capacity1 + ", factor 1.25: " + capacity125);
assert capacity1 == (int) (1.0 * 8 / 3);
assert capacity125 == (int) (1.25 * 8 / 3);

// %% [markdown]
// ## Dropping
//
// First come, first served by position: tokens 0, 1, 3, 5 and 7 want expert 0. With room for two, tokens 3, 5 and 7 are dropped, and
// only the residual connection carries them on.

// %%
RoutingPlan plan = RoutingPlan.of(p, experts, capacity1, true, DropPolicy.byPosition(), 0);
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
// With factor 1.25 there is room for three, and two are dropped. Which ones may also be drawn at random, as the reference does.

// %%
System.out.println(Arrays.toString(RoutingPlan.of(p, experts, capacity125, true, DropPolicy.byPosition(), 0).dropped()));
var random = new RandomStreams(1).generator(RandomStream.DROPPING, 1, 0);
System.out.println(Arrays.toString(RoutingPlan.of(p, experts, capacity125, true, DropPolicy.random(random), 0).dropped()));

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
NDManager manager = NDManager.newBaseManager();
NDArray probabilities = manager.create(p, new Shape(tokens, experts));
probabilities
Routing routing = new Routing(plan, p, probabilities.sum(new int[] {0}), probabilities.max(new int[] {1}));
float modelLoss = LoadBalancingLoss.of(manager, List.of(routing)).getFloat();
System.out.printf(Locale.ROOT, "loss %.6f%n", modelLoss);
check(Math.abs(modelLoss - loss) < 1e-6, "the model's loss is the formula's");

// %% [markdown]
// It is 1 when the load is even, whatever the number of experts: here every expert gets its turn.

// %%
float[] even = new float[9];
IntStream.range(0, 3).forEach(t -> IntStream.range(0, 3).forEach(e -> even[t * 3 + e] = t == e ? 0.5f : 0.25f));
RoutingPlan evenPlan = RoutingPlan.of(even, 3, 1, true, DropPolicy.byPosition(), 0);
NDArray evenProbabilities = manager.create(even, new Shape(3, 3));
Routing evenRouting = new Routing(evenPlan, even, evenProbabilities.sum(new int[] {0}), evenProbabilities.max(new int[] {1}));
LoadBalancingLoss.of(manager, List.of(evenRouting)).getFloat()

// %% [markdown]
// The statistics that a training run logs for each layer are made of the same numbers.

// %%
RoutingStatistics statistics = RoutingStatistics.of(routing);
System.out.printf(Locale.ROOT, "entropy %.4f, confidence %.4f, dropped %.4f, max violation %.4f%n", statistics.routerEntropy(), statistics.confidence(), statistics.droppedFraction(), statistics.maxViolation());
assert statistics.droppedFraction() == 3.0 / 8;
manager.close();
