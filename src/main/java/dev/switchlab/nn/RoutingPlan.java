package dev.switchlab.nn;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Which experts each token goes to, and which (token, choice) pairs are dropped. A pair is numbered {@code token * K + choice}; with one
 * choice per token it is the token.
 *
 * <p>An expert's slots are filled by first choices, then by second ones and so on; within a choice in the order of tokens, or shuffled where
 * not all fit.
 *
 * <p>A language model must not look ahead. What a token gets here does not depend on the tokens after it (in the order of the batch: time
 * first, then sequence) where nothing is dropped, and with one choice per token dropped by position. Otherwise it does: a later token's
 * first choice takes the slot of an earlier token's second choice, a shuffle or the next choice may prefer the later token. The capacity
 * is one of the whole batch in any case, so that sequences in a batch are not independent of each other.
 */
public final class RoutingPlan {

    private final Choices choices;
    private final int[] takers;
    private final int[] counts;
    private final int[][] kept;
    private final int[] dropped;
    private final int capacity;

    private RoutingPlan(Choices choices, int[] takers, int[] counts, int[][] kept, int[] dropped, int capacity) {
        this.choices = choices;
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
        int[] counts = new int[choices.experts()];
        for (int expert : choices.routes()) {
            counts[expert]++;
        }
        int[][] kept = pairsByExpert(choices, counts);
        if (!overflow.dropTokens) {
            return new RoutingPlan(choices, choices.routes(), counts, kept, new int[0], overflow.capacity);
        }
        int[] dropped = new int[choices.routes().length];
        int nDropped = 0;
        for (int expert = 0; expert < counts.length; expert++) {
            if (counts[expert] > overflow.capacity) {
                int[] order = fillingOrder(kept[expert], expert, choices.topK(), overflow);
                int over = counts[expert] - overflow.capacity;
                System.arraycopy(order, overflow.capacity, dropped, nDropped, over);
                nDropped += over;
                kept[expert] = Arrays.copyOf(order, overflow.capacity);
            }
        }
        dropped = Arrays.copyOf(dropped, nDropped);
        int[] takers = choices.routes();
        if (overflow.nextChoice && nDropped > 0) {
            takers = takers.clone();
            dropped = NextChoice.reroute(choices, dropped, kept, takers, overflow.capacity);
        }
        return new RoutingPlan(choices, takers, counts, kept, dropped, overflow.capacity);
    }

    /** The pairs that want each expert: first choices in the order of tokens, then second ones and so on. */
    private static int[][] pairsByExpert(Choices choices, int[] counts) {
        int[][] pairs = new int[counts.length][];
        Arrays.setAll(pairs, expert -> new int[counts[expert]]);
        int[] next = new int[counts.length];
        int k = choices.topK();
        for (int choice = 0; choice < k; choice++) {
            for (int pair = choice; pair < choices.routes().length; pair += k) {
                int expert = choices.routes()[pair];
                pairs[expert][next[expert]++] = pair;
            }
        }
        return pairs;
    }

    /** The policy orders the pairs of that choice for which the slots run out; those before all fit, those behind are all lost. */
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
        return choices.tokens();
    }

    /** Number of experts, E. */
    public int experts() {
        return counts.length;
    }

    /** Choices per token, K. */
    public int choices() {
        return choices.topK();
    }

    /** Number of (token, choice) pairs. */
    public int pairs() {
        return takers.length;
    }

    /** Pairs that one expert may take when pairs are dropped. */
    public int capacity() {
        return capacity;
    }

    /** The expert that is the first choice of {@code token}. */
    public int route(int token) {
        return route(token, 0);
    }

    /** The expert that {@code token} wants as its choice number {@code choice}, whether or not it has room. */
    public int route(int token, int choice) {
        return choices.routes()[token * choices.topK() + choice];
    }

    /** The expert that a pair is sent to: the one it wants, unless that was full and the next best had room. */
    public int taker(int pair) {
        return takers[pair];
    }

    /** Pairs that want {@code expert}, before dropping. */
    public int count(int expert) {
        return counts[expert];
    }

    /** Tokens whose first choice is {@code expert}. */
    public int firstCount(int expert) {
        return (int) IntStream.range(0, tokens())
                .filter(token -> route(token) == expert)
                .count();
    }

    /** Number of pairs that {@code expert} keeps. */
    public int keptCount(int expert) {
        return kept[expert].length;
    }

    /** Number of dropped pairs over all experts. */
    public int droppedCount() {
        return dropped.length;
    }

    /**
     * The dropped pairs by the expert they wanted, in the order in which they lost (reference: {@code torch.cat(dropped)}). After next
     * choices, in the order of choices and tokens.
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
