package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.nn.kernel.DispatchKernel.Places;
import java.util.Arrays;
import java.util.List;

/**
 * A row for each kept pair, sorted by expert, so that an expert's rows are a slice.
 *
 * @param offsets where each expert's rows begin, and R, the number of rows
 * @param places who stands where
 */
record ExpertRows(long[] offsets, Places places) {

    /**
     * The rows of a plan.
     *
     * @param grain rows per expert are rounded up to a multiple of this by rows that repeat token 0 and get no gradient
     * @param passes whether dropped tokens pass through
     */
    static ExpertRows of(NDManager manager, RoutingPlan plan, int grain, boolean passes) {
        int e = plan.experts();
        int k = plan.choices();
        long[] offsets = new long[e + 1];
        for (int expert = 0; expert < e; expert++) {
            offsets[expert + 1] = offsets[expert] + (plan.keptCount(expert) + grain - 1L) / grain * grain;
        }
        // libtorch gathers from no empty matrix.
        if (offsets[e] == 0) {
            offsets[e] = 1;
        }
        long[] pairs = new long[(int) offsets[e]];
        long[] rows = new long[plan.pairs()];
        long[] fillers = new long[pairs.length];
        int nFillers = 0;
        for (int expert = 0; expert < e; expert++) {
            int[] kept = plan.kept(expert);
            int row = (int) offsets[expert];
            for (int pair : kept) {
                pairs[row] = pair;
                rows[pair] = row++;
            }
            while (row < offsets[expert + 1]) {
                fillers[nFillers++] = row++;
            }
        }
        int[] dropped = plan.dropped();
        return new ExpertRows(
                offsets,
                new Places(
                        manager.create(tokens(pairs, k)), // (R)
                        manager.create(pairs), // (R)
                        manager.create(rows), // (N * K)
                        nFillers == 0 ? List.of() : List.of(manager.create(Arrays.copyOf(fillers, nFillers))),
                        dropped.length == 0 ? List.of() : dropped(manager, dropped, k),
                        passes));
    }

    private static long[] tokens(long[] pairs, int k) {
        return Arrays.stream(pairs).map(pair -> pair / k).toArray();
    }

    private static List<NDArray> dropped(NDManager manager, int[] dropped, int k) {
        long[] pairs = Arrays.stream(dropped).asLongStream().toArray();
        return List.of(manager.create(pairs), manager.create(tokens(pairs, k)));
    }
}
