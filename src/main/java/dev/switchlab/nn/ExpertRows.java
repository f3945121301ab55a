package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.List;

/**
 * A row for each kept pair, sorted by expert, so that an expert's rows are a slice. All numbers are int64.
 *
 * @param offsets where each expert's rows begin, and R, the number of rows
 * @param tokens the token of each row, (R)
 * @param pairs the pair of each row, (R)
 * @param rows the row of each pair, (N * K); any row for a dropped pair
 * @param fillers the rows that belong to no pair; nothing if there are none
 * @param dropped the pairs that were dropped, and their tokens; nothing if there are none
 */
record ExpertRows(
        long[] offsets, NDArray tokens, NDArray pairs, NDArray rows, List<NDArray> fillers, List<NDArray> dropped) {

    /**
     * The rows of a plan.
     *
     * @param grain rows per expert are rounded up to a multiple of this by rows that repeat token 0 and get no gradient
     */
    static ExpertRows of(NDManager manager, RoutingPlan plan, int grain) {
        int e = plan.experts();
        long[] offsets = offsets(plan.keptCounts(), grain);
        long[] pairs = new long[(int) offsets[e]];
        long[] rows = new long[plan.pairs()];
        long[] fillers = new long[pairs.length];
        int nFillers = 0;
        for (int expert = 0; expert < e; expert++) {
            int row = (int) offsets[expert];
            for (int pair : plan.kept(expert)) {
                pairs[row] = pair;
                rows[pair] = row++;
            }
            while (row < offsets[expert + 1]) {
                fillers[nFillers++] = row++;
            }
        }
        int k = plan.choices();
        long[] dropped = Arrays.stream(plan.dropped()).asLongStream().toArray();
        return new ExpertRows(
                offsets,
                manager.create(tokens(pairs, k)),
                manager.create(pairs),
                manager.create(rows),
                nFillers == 0 ? List.of() : List.of(manager.create(Arrays.copyOf(fillers, nFillers))),
                dropped.length == 0 ? List.of() : List.of(manager.create(dropped), manager.create(tokens(dropped, k))));
    }

    /** Where each expert's rows begin, and how many there are: one at least, as libtorch gathers no empty matrix. */
    static long[] offsets(int[] counts, int grain) {
        long[] offsets = new long[counts.length + 1];
        for (int expert = 0; expert < counts.length; expert++) {
            offsets[expert + 1] = offsets[expert] + (counts[expert] + grain - 1L) / grain * grain;
        }
        offsets[counts.length] = Math.max(1, offsets[counts.length]);
        return offsets;
    }

    private static long[] tokens(long[] pairs, int k) {
        return Arrays.stream(pairs).map(pair -> pair / k).toArray();
    }
}
