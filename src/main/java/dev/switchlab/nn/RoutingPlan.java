package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Which experts each token goes to, and which (token, choice) pairs are dropped. A pair is numbered {@code token * K +
 * choice}; with one choice per token it is the token.
 *
 * <p>Made on the host; {@link DevicePlan} is the same plan made on the device.
 *
 * <p>An expert's slots are filled by first choices, then by second ones and so on; within a choice in the order of
 * tokens, or shuffled where not all fit.
 *
 * <p>A language model must not look ahead. What a token gets here does not depend on the tokens after it (in the order
 * of the batch: time first, then sequence) where nothing is dropped, and with one choice per token dropped by position.
 * Otherwise it does: a later token's first choice takes the slot of an earlier token's second choice, a shuffle or the
 * next choice may prefer the later token. The capacity is one of the whole batch in any case, so that sequences in a
 * batch are not independent of each other.
 */
public final class RoutingPlan implements Plan {

    private final int[] routes;
    private final int topK;
    private final int[] takers;
    private final int[] counts;
    private final int[][] kept;
    private final int[] dropped;
    private final int capacity;

    private RoutingPlan(int[] routes, int topK, int[] takers, int[] counts, int[][] kept, int[] dropped, int capacity) {
        this.routes = routes;
        this.topK = topK;
        this.takers = takers;
        this.counts = counts;
        this.kept = kept;
        this.dropped = dropped;
        this.capacity = capacity;
    }

    /**
     * What happens to pairs over an expert's capacity.
     *
     * @param capacity pairs that an expert takes
     * @param dropTokens whether pairs over the capacity are dropped
     * @param nextChoice whether they try the next best expert of their token before
     * @param policy which tokens an over-full expert keeps
     * @param layer layer index, handed on to {@code policy}
     */
    record Overflow(int capacity, boolean dropTokens, boolean nextChoice, DropPolicy policy, int layer) {}

    /** Gives every token the experts it would like, as far as there is room. */
    static RoutingPlan of(Choices choices, Overflow overflow) {
        int[] routes = choices.routes();
        int k = choices.topK();
        int[] counts = counts(routes, choices.experts());
        int[][] kept = pairsByExpert(routes, k, counts);
        if (!overflow.dropTokens) {
            return new RoutingPlan(routes, k, routes, counts, kept, new int[0], overflow.capacity);
        }
        int[] dropped = new int[routes.length];
        int nDropped = 0;
        for (int expert = 0; expert < counts.length; expert++) {
            if (counts[expert] > overflow.capacity) {
                int[] order = fillingOrder(kept[expert], expert, k, overflow);
                int over = counts[expert] - overflow.capacity;
                System.arraycopy(order, overflow.capacity, dropped, nDropped, over);
                nDropped += over;
                kept[expert] = Arrays.copyOf(order, overflow.capacity);
            }
        }
        dropped = Arrays.copyOf(dropped, nDropped);
        int[] takers = routes;
        if (overflow.nextChoice && nDropped > 0) {
            takers = takers.clone();
            dropped = NextChoice.reroute(choices, dropped, kept, takers, overflow.capacity);
        }
        return new RoutingPlan(routes, k, takers, counts, kept, dropped, overflow.capacity);
    }

    /**
     * A plan that was made on a device: by pair the expert that it wants, the one that it is sent to, and its place in
     * the line before that one.
     */
    static RoutingPlan read(DevicePlan plan, int[] routes, int[] takers, int[] places) {
        int k = plan.choices();
        int[] counts = counts(routes, plan.experts());
        int[] used = new int[counts.length];
        for (int pair = 0; pair < routes.length; pair++) {
            used[takers[pair]] += places[pair] < plan.limit() ? 1 : 0;
        }
        int[][] kept = new int[counts.length][];
        Arrays.setAll(kept, expert -> new int[used[expert]]);
        for (int pair = 0; pair < routes.length; pair++) {
            if (places[pair] < plan.limit()) {
                kept[takers[pair]][places[pair]] = pair;
            }
        }
        Comparator<Integer> lost = plan.reroutes()
                ? Comparator.comparingInt((Integer pair) -> pair % k).thenComparingInt(pair -> pair / k)
                : Comparator.comparingInt((Integer pair) -> routes[pair]).thenComparingInt(pair -> places[pair]);
        int[] dropped = IntStream.range(0, routes.length)
                .filter(pair -> places[pair] >= plan.limit())
                .boxed()
                .sorted(lost)
                .mapToInt(pair -> pair)
                .toArray();
        return new RoutingPlan(routes, k, takers, counts, kept, dropped, plan.capacity());
    }

    /** With one choice per token, the order that a policy gives each over-full expert, as priorities by token. */
    static long[] priorities(int[] routes, int experts, Overflow overflow) {
        int[] counts = counts(routes, experts);
        int[][] tokens = pairsByExpert(routes, 1, counts);
        long[] priorities = new long[routes.length];
        for (int expert = 0; expert < experts; expert++) {
            boolean full = counts[expert] > overflow.capacity;
            if (full) {
                int[] order = overflow.policy.order(overflow.layer, expert, tokens[expert]);
                for (int i = 0; i < order.length; i++) {
                    priorities[order[i]] = i;
                }
            }
        }
        return priorities;
    }

    private static int[] counts(int[] routes, int experts) {
        int[] counts = new int[experts];
        for (int expert : routes) {
            counts[expert]++;
        }
        return counts;
    }

    /** The pairs that want each expert: first choices in the order of tokens, then second ones and so on. */
    private static int[][] pairsByExpert(int[] routes, int k, int[] counts) {
        int[][] pairs = new int[counts.length][];
        Arrays.setAll(pairs, expert -> new int[counts[expert]]);
        int[] next = new int[counts.length];
        for (int choice = 0; choice < k; choice++) {
            for (int pair = choice; pair < routes.length; pair += k) {
                int expert = routes[pair];
                pairs[expert][next[expert]++] = pair;
            }
        }
        return pairs;
    }

    /**
     * The policy orders the pairs of that choice for which the slots run out; those before all fit, those behind are
     * all lost.
     */
    private static int[] fillingOrder(int[] pairs, int expert, int k, Overflow overflow) {
        int[] order = pairs.clone();
        int to;
        for (int from = 0; from < pairs.length; from = to) {
            int choice = pairs[from] % k;
            to = from;
            while (to < pairs.length && pairs[to] % k == choice) {
                to++;
            }
            if (from <= overflow.capacity && overflow.capacity < to) {
                int[] tokens =
                        Arrays.stream(pairs, from, to).map(pair -> pair / k).toArray();
                int[] ordered = overflow.policy.order(overflow.layer, expert, tokens);
                for (int i = 0; i < ordered.length; i++) {
                    order[from + i] = ordered[i] * k + choice;
                }
            }
        }
        return order;
    }

    @Override
    public int tokens() {
        return routes.length / topK;
    }

    @Override
    public int experts() {
        return counts.length;
    }

    @Override
    public int choices() {
        return topK;
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public RoutingPlan onHost() {
        return this;
    }

    @Override
    public NDArray counts(NDManager manager) {
        return manager.create(Arrays.stream(counts).asLongStream().toArray()); // (E)
    }

    @Override
    public NDArray routes(NDManager manager) {
        return ofPairs(manager, routes); // (N, K)
    }

    @Override
    public NDArray takers(NDManager manager) {
        return ofPairs(manager, takers); // (N, K)
    }

    private NDArray ofPairs(NDManager manager, int[] experts) {
        return manager.create(Arrays.stream(experts).asLongStream().toArray(), new Shape(tokens(), topK)); // (N, K)
    }

    @Override
    public Optional<NDArray> kept(NDManager manager) {
        return dropped.length == 0
                ? Optional.empty()
                : Optional.of(manager.create(keptMask(), new Shape(pairs(), 1))); // (N * K, 1)
    }

    /**
     * What this plan says of some of its tokens, which are numbered anew.
     *
     * @param tokens in ascending order
     */
    RoutingPlan of(int[] tokens) {
        int[] renumbered = new int[tokens()];
        Arrays.fill(renumbered, -1);
        for (int own = 0; own < tokens.length; own++) {
            renumbered[tokens[own]] = own;
        }
        int[] ownRoutes = new int[tokens.length * topK];
        int[] ownTakers = new int[ownRoutes.length];
        for (int own = 0; own < tokens.length; own++) {
            System.arraycopy(routes, tokens[own] * topK, ownRoutes, own * topK, topK);
            System.arraycopy(takers, tokens[own] * topK, ownTakers, own * topK, topK);
        }
        int[][] ownKept = new int[kept.length][];
        Arrays.setAll(ownKept, expert -> own(kept[expert], renumbered));
        return new RoutingPlan(
                ownRoutes, topK, ownTakers, counts(ownRoutes, experts()), ownKept, own(dropped, renumbered), capacity);
    }

    private int[] own(int[] pairs, int[] renumbered) {
        return Arrays.stream(pairs)
                .filter(pair -> renumbered[pair / topK] >= 0)
                .map(pair -> renumbered[pair / topK] * topK + pair % topK)
                .toArray();
    }

    @Override
    public NDArray loadWeights(NDManager manager, int sequences) {
        return loadWeights(manager, sequences, tokens());
    }

    /** The same for a mean over {@code tokens} of the plan's tokens. */
    NDArray loadWeights(NDManager manager, int sequences, int tokens) {
        int e = experts();
        long[] counts = new long[sequences * e];
        for (int pair = 0; pair < routes.length; pair++) {
            counts[pair / topK % sequences * e + routes[pair]]++;
        }
        double pairs = (double) pairs() / sequences;
        float[] weights = new float[counts.length];
        for (int i = 0; i < weights.length; i++) {
            double share = counts[i] / pairs;
            weights[i] = (float) (e * share / tokens);
        }
        return manager.create(weights, new Shape(sequences, e)); // (B, E)
    }

    /** The expert that is the first choice of {@code token}. */
    public int route(int token) {
        return route(token, 0);
    }

    /** The expert that {@code token} wants as its choice number {@code choice}, whether or not it has room. */
    public int route(int token, int choice) {
        return routes[token * topK + choice];
    }

    /** The expert that a pair is sent to: the one it wants, unless that was full and the next best had room. */
    public int taker(int pair) {
        return takers[pair];
    }

    /** Pairs that want {@code expert}, before dropping. */
    public int count(int expert) {
        return counts[expert];
    }

    /** Number of pairs that {@code expert} keeps. */
    public int keptCount(int expert) {
        return kept[expert].length;
    }

    /** The same of each expert. */
    int[] keptCounts() {
        return Arrays.stream(kept).mapToInt(pairs -> pairs.length).toArray();
    }

    /** Number of dropped pairs over all experts. */
    public int droppedCount() {
        return dropped.length;
    }

    /**
     * The dropped pairs by the expert they wanted, in the order in which they lost (reference:
     * {@code torch.cat(dropped)}). After next choices, in the order of choices and tokens.
     */
    public int[] dropped() {
        return dropped.clone();
    }

    /** By pair: 1 if it was kept, 0 if it was dropped. */
    float[] keptMask() {
        float[] mask = new float[pairs()];
        Arrays.fill(mask, 1);
        for (int pair : dropped) {
            mask[pair] = 0;
        }
        return mask;
    }

    /** The pairs that {@code expert} keeps, in the order in which they fill its slots. Not to be changed. */
    int[] kept(int expert) {
        return kept[expert];
    }
}
