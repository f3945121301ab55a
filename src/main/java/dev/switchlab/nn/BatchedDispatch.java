package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * Gathers the tokens into (E, C, D), runs all experts as batched matrix products, and gathers the rows back.
 *
 * <p>C is the fullest expert's load. Slots that stay empty repeat token 0: nothing gathers them back, so they cost arithmetic but
 * get no gradient.
 */
final class BatchedDispatch implements Dispatch {

    @Override
    public NDArray apply(Pass pass, Experts experts, NDArray x, RoutingPlan plan) {
        NDManager manager = pass.manager();
        int n = plan.tokens();
        int e = plan.experts();
        int c = 0;
        for (int expert = 0; expert < e; expert++) {
            c = Math.max(c, plan.keptCount(expert));
        }
        if (c == 0) {
            return x.zerosLike();
        }
        long d = x.getShape().get(1);
        long[] tokenOfSlot = new long[e * c];
        long[] slotOfToken = new long[n];
        for (int expert = 0; expert < e; expert++) {
            int[] kept = plan.kept(expert);
            for (int i = 0; i < kept.length; i++) {
                int slot = expert * c + i;
                tokenOfSlot[slot] = kept[i];
                slotOfToken[kept[i]] = slot;
            }
        }
        NDArray in = Rows.gather(x, manager.create(tokenOfSlot)).reshape(e, c, d); // (E, C, D)
        NDArray out = experts.forward(pass, in).reshape((long) e * c, d); // (E * C, D)
        return Rows.gather(out, manager.create(slotOfToken)); // (N, D)
    }
}
