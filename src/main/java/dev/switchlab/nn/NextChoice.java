package dev.switchlab.nn;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PrimitiveIterator;

/**
 * No-Token-Left-Behind (arXiv 2101.03961, appendix B): what is over one expert's capacity tries the token's next best
 * expert, and so on, all pairs one step at a time, until it finds room or there is no expert left. Within a step first
 * choices come first, and earlier tokens before later ones, whatever the numbers of their experts.
 */
final class NextChoice {

    private NextChoice() {}

    /**
     * Finds places for dropped pairs.
     *
     * @param dropped the pairs over capacity, in any order
     * @param kept the pairs in each expert's slots; grows by those that find room
     * @param assignedExperts the expert of each pair; changes for those that find room
     * @return the pairs that found none, first choices first
     */
    static int[] reroute(TopK choices, int[] dropped, int[][] kept, int[] assignedExperts, int capacity) {
        int[] used = Arrays.stream(kept).mapToInt(pairs -> pairs.length).toArray();
        // What a token has not tried, best first: two pairs of it never try the same.
        Map<Integer, PrimitiveIterator.OfInt> others = new HashMap<>();
        int k = choices.topK();
        int[] left = Arrays.stream(dropped)
                .boxed()
                .sorted(Comparator.comparingInt((Integer pair) -> pair % k).thenComparingInt(pair -> pair / k))
                .mapToInt(pair -> pair)
                .toArray();
        for (int step = k; step < choices.experts() && left.length > 0; step++) {
            int still = 0;
            int[] next = new int[left.length];
            for (int pair : left) {
                PrimitiveIterator.OfInt untried = others.computeIfAbsent(
                        pair / k, token -> Arrays.stream(choices.others(token)).iterator());
                int expert = untried.hasNext() ? untried.nextInt() : -1;
                if (expert >= 0 && used[expert] < capacity) {
                    kept[expert] = Arrays.copyOf(kept[expert], Math.max(kept[expert].length, capacity));
                    kept[expert][used[expert]++] = pair;
                    assignedExperts[pair] = expert;
                } else {
                    next[still++] = pair;
                }
            }
            left = Arrays.copyOf(next, still);
        }
        for (int expert = 0; expert < kept.length; expert++) {
            kept[expert] = Arrays.copyOf(kept[expert], used[expert]);
        }
        return left;
    }
}
