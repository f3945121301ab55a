package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/**
 * Gathers the tokens into (C, E, D), runs all experts in one grouped product, and gathers the rows back.
 *
 * <p>C is the fullest expert's load, rounded up a little. Slots that stay empty repeat token 0: nothing gathers them back, so they cost
 * arithmetic but get no gradient.
 */
final class BatchedDispatch implements Dispatch {

    @Override
    public NDArray apply(Pass pass, Experts experts, NDArray x, RoutingPlan plan) {
        NDManager manager = pass.manager();
        int k = plan.choices();
        int e = plan.experts();
        int c = 0;
        for (int expert = 0; expert < e; expert++) {
            c = Math.max(c, plan.keptCount(expert));
        }
        if (c == 0) {
            return manager.zeros(new Shape(plan.pairs(), x.getShape().get(1))); // (N * K, D)
        }
        c = rounded(c);
        long d = x.getShape().get(1);
        long[] tokenOfSlot = new long[e * c];
        long[] slotOfPair = new long[plan.pairs()];
        for (int expert = 0; expert < e; expert++) {
            int[] kept = plan.kept(expert);
            for (int i = 0; i < kept.length; i++) {
                int slot = i * e + expert;
                tokenOfSlot[slot] = kept[i] / k;
                slotOfPair[kept[i]] = slot;
            }
        }
        NDArray in = Rows.gather(x, manager.create(tokenOfSlot)).reshape(c, e, d); // (C, E, D)
        NDArray out = experts.forward(pass, in).reshape((long) c * e, d); // (C * E, D)
        return Rows.gather(out, manager.create(slotOfPair)); // (N * K, D)
    }

    /**
     * At most a sixteenth more: few different sizes come back again and again. libtorch compiles a kernel for each new size, which takes
     * longer than running it.
     */
    static int rounded(int slots) {
        int grain = Math.max(1, Integer.highestOneBit(slots) / 16);
        return (slots + grain - 1) / grain * grain;
    }
}
