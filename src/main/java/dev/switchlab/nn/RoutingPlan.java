package dev.switchlab.nn;

import java.util.Arrays;

/**
 * Which expert each token goes to and which tokens are dropped, decided on the host: ties and order never depend on the device.
 */
public final class RoutingPlan {

    private final int[] routes;
    private final int[] counts;
    private final int[][] kept;
    private final int[] dropped;
    private final int capacity;

    private RoutingPlan(int[] routes, int[] counts, int[][] kept, int[] dropped, int capacity) {
        this.routes = routes;
        this.counts = counts;
        this.kept = kept;
        this.dropped = dropped;
        this.capacity = capacity;
    }

    /**
     * Routes every token to its most probable expert; of equals, the first.
     *
     * @param probabilities router probabilities, [token * nExperts + expert]
     * @param nExperts number of experts
     * @param capacity tokens an expert takes
     * @param dropTokens whether tokens over the capacity are dropped
     * @param policy which tokens an over-full expert keeps
     * @param layer layer index, handed on to {@code policy}
     */
    public static RoutingPlan of(
            float[] probabilities, int nExperts, int capacity, boolean dropTokens, DropPolicy policy, int layer) {
        int n = probabilities.length / nExperts;
        int[] routes = new int[n];
        int[] counts = new int[nExperts];
        for (int token = 0; token < n; token++) {
            routes[token] = argMax(probabilities, token * nExperts, nExperts);
            counts[routes[token]]++;
        }
        int[][] kept = tokensByExpert(routes, counts);
        int[] dropped = new int[n];
        int nDropped = 0;
        if (dropTokens) {
            for (int expert = 0; expert < nExperts; expert++) {
                if (counts[expert] > capacity) {
                    int[] order = policy.order(layer, expert, kept[expert]);
                    int over = counts[expert] - capacity;
                    System.arraycopy(order, capacity, dropped, nDropped, over);
                    nDropped += over;
                    kept[expert] = Arrays.copyOf(order, capacity);
                }
            }
        }
        return new RoutingPlan(routes, counts, kept, Arrays.copyOf(dropped, nDropped), capacity);
    }

    private static int argMax(float[] values, int from, int length) {
        int best = 0;
        for (int i = 1; i < length; i++) {
            if (values[from + i] > values[from + best]) {
                best = i;
            }
        }
        return best;
    }

    private static int[][] tokensByExpert(int[] routes, int[] counts) {
        int[][] tokens = new int[counts.length][];
        for (int expert = 0; expert < counts.length; expert++) {
            tokens[expert] = new int[counts[expert]];
        }
        int[] next = new int[counts.length];
        for (int token = 0; token < routes.length; token++) {
            int expert = routes[token];
            tokens[expert][next[expert]++] = token;
        }
        return tokens;
    }

    /** Number of tokens. */
    public int tokens() {
        return routes.length;
    }

    /** Number of experts. */
    public int experts() {
        return counts.length;
    }

    /** Tokens that one expert may take when tokens are dropped. */
    public int capacity() {
        return capacity;
    }

    /** The expert of {@code token}. */
    public int route(int token) {
        return routes[token];
    }

    /** Tokens routed to {@code expert}, before dropping. */
    public int count(int expert) {
        return counts[expert];
    }

    /** Number of tokens that {@code expert} keeps. */
    public int keptCount(int expert) {
        return kept[expert].length;
    }

    /** Number of dropped tokens over all experts. */
    public int droppedCount() {
        return dropped.length;
    }

    /** The dropped tokens by expert, in the order in which they lost (reference: {@code torch.cat(dropped)}). */
    public int[] dropped() {
        return dropped.clone();
    }

    /** By token: 1 if it was kept, 0 if it was dropped. */
    float[] keptMask() {
        float[] mask = new float[routes.length];
        Arrays.fill(mask, 1);
        for (int token : dropped) {
            mask[token] = 0;
        }
        return mask;
    }

    /** The tokens that {@code expert} keeps, in the order in which they fill its slots. Not to be changed. */
    int[] kept(int expert) {
        return kept[expert];
    }
}
