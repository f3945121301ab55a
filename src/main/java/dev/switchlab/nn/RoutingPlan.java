package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Optional;

/**
 * Which experts each token goes to, and which (token, choice) pairs are dropped. A pair is numbered {@code token * K +
 * choice}; with one choice per token it is the token.
 *
 * <p>Made on the host: ties and order never depend on the device. Where ranks share a batch, each makes the plan of the
 * whole batch and keeps that of its own tokens; capacity, dropping and the balance of loads are those of the whole
 * batch.
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
public final class RoutingPlan {

    private final int[] routes;
    private final int topK;
    private final int[] assignedExperts;
    private final int[] counts;
    private final int[][] kept;
    private final int[] dropped;
    private final int capacity;
    /** The plan of the whole batch. */
    private final RoutingPlan whole;

    private RoutingPlan(
            int[] routes,
            int topK,
            int[] assignedExperts,
            int[] counts,
            int[][] kept,
            int[] dropped,
            int capacity,
            RoutingPlan whole) {
        this.routes = routes;
        this.topK = topK;
        this.assignedExperts = assignedExperts;
        this.counts = counts;
        this.kept = kept;
        this.dropped = dropped;
        this.capacity = capacity;
        this.whole = whole == null ? this : whole;
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
    static RoutingPlan of(TopK choices, Overflow overflow) {
        int[] routes = choices.routes();
        int k = choices.topK();
        int[] counts = counts(routes, choices.experts());
        int[][] kept = pairsByExpert(routes, k, counts);
        if (!overflow.dropTokens) {
            return new RoutingPlan(routes, k, routes, counts, kept, new int[0], overflow.capacity, null);
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
        int[] assignedExperts = routes;
        if (overflow.nextChoice && nDropped > 0) {
            assignedExperts = assignedExperts.clone();
            dropped = NextChoice.reroute(choices, dropped, kept, assignedExperts, overflow.capacity);
        }
        return new RoutingPlan(routes, k, assignedExperts, counts, kept, dropped, overflow.capacity, null);
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

    /** Number of tokens, N. */
    public int tokens() {
        return routes.length / topK;
    }

    /** Number of experts, E. */
    public int experts() {
        return counts.length;
    }

    /** TopK per token, K. */
    public int choices() {
        return topK;
    }

    /** Number of (token, choice) pairs, N * K. */
    public int pairs() {
        return routes.length;
    }

    /** Pairs that one expert may take when pairs are dropped, of the whole batch. */
    public int capacity() {
        return capacity;
    }

    /** The share of these tokens in {@link #capacity}. */
    double ownCapacity() {
        return (double) capacity * tokens() / whole.tokens();
    }

    /** Pairs of the whole batch that want each expert, before dropping, (E) int64. */
    public NDArray counts(NDManager manager) {
        return manager.create(Arrays.stream(whole.counts).asLongStream().toArray()); // (E)
    }

    /** The expert that each pair wants, whether or not it has room, (N, K) int64. */
    NDArray routes(NDManager manager) {
        return ofPairs(manager, routes); // (N, K)
    }

    /** The expert that each pair is sent to, (N, K) int64. */
    NDArray assignedExperts(NDManager manager) {
        return ofPairs(manager, assignedExperts); // (N, K)
    }

    private NDArray ofPairs(NDManager manager, int[] experts) {
        return manager.create(Arrays.stream(experts).asLongStream().toArray(), new Shape(tokens(), topK)); // (N, K)
    }

    /** 1 for a kept pair and 0 for a dropped one, (N * K, 1) float32; empty if none is dropped. */
    Optional<NDArray> kept(NDManager manager) {
        return dropped.length == 0
                ? Optional.empty()
                : Optional.of(manager.create(keptMask(), new Shape(pairs(), 1))); // (N * K, 1)
    }

    /** 0 for the experts that a token is sent to, minus infinity for the others, (N, E) float32. */
    NDArray othersMask(NDManager manager) {
        float[] mask = new float[tokens() * experts()];
        Arrays.fill(mask, Float.NEGATIVE_INFINITY);
        for (int pair = 0; pair < assignedExperts.length; pair++) {
            mask[pair / topK * experts() + assignedExperts[pair]] = 0;
        }
        return manager.create(mask, new Shape(tokens(), experts())); // (N, E)
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
        int[] ownAssigned = new int[ownRoutes.length];
        for (int own = 0; own < tokens.length; own++) {
            System.arraycopy(routes, tokens[own] * topK, ownRoutes, own * topK, topK);
            System.arraycopy(assignedExperts, tokens[own] * topK, ownAssigned, own * topK, topK);
        }
        int[][] ownKept = new int[kept.length][];
        Arrays.setAll(ownKept, expert -> own(kept[expert], renumbered));
        return new RoutingPlan(
                ownRoutes,
                topK,
                ownAssigned,
                counts(ownRoutes, experts()),
                ownKept,
                own(dropped, renumbered),
                capacity,
                this);
    }

    private int[] own(int[] pairs, int[] renumbered) {
        return Arrays.stream(pairs)
                .filter(pair -> renumbered[pair / topK] >= 0)
                .map(pair -> renumbered[pair / topK] * topK + pair % topK)
                .toArray();
    }

    /**
     * What a mean score is multiplied by in the load-balancing loss, {@code E f / N}, (B, E) float32: f the share of a
     * sequence's pairs that want an expert, before dropping.
     *
     * @param sequences B: token t belongs to sequence t mod B
     */
    NDArray loadWeights(NDManager manager, int sequences) {
        return loadWeights(manager, sequences, tokens());
    }

    /**
     * The weights with f of the whole batch, (1, E) float32. The mean over ranks of means over their tokens, weighted
     * so, is the loss of the whole batch.
     */
    NDArray loadWeights(NDManager manager) {
        return whole.loadWeights(manager, 1, tokens());
    }

    /** The weights for a mean over {@code tokens} of the plan's tokens. */
    private NDArray loadWeights(NDManager manager, int sequences, int tokens) {
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
    public int assignedExpert(int pair) {
        return assignedExperts[pair];
    }

    /** Pairs that want {@code expert}, before dropping. */
    public int count(int expert) {
        return counts[expert];
    }

    /** Number of pairs that {@code expert} keeps. */
    public int keptCount(int expert) {
        return kept[expert].length;
    }

    /** Number of pairs that each expert keeps. */
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
