package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/**
 * Gathers the tokens into (C, E, D), runs all experts in one grouped product, and gathers the rows back.
 *
 * <p>C is the fullest expert's load, rounded up a little; with a plan made on the device it is the capacity. Slots that
 * stay empty repeat token 0: nothing gathers them back, so they cost arithmetic but get no gradient.
 */
final class BatchedDispatch implements Dispatch {

    @Override
    public NDArray apply(Pass pass, Experts experts, NDArray x, Plan plan) {
        NDManager manager = pass.manager();
        int e = plan.experts();
        long d = x.getShape().get(1);
        Slots slots = plan instanceof DevicePlan device ? device.slots(manager) : slots(manager, plan.onHost());
        int c = slots.perExpert();
        if (c == 0) {
            return manager.zeros(new Shape(plan.pairs(), d)); // (N * K, D)
        }
        NDArray in = Rows.gather(x, slots.tokenOfSlot()).reshape(c, e, d); // (C, E, D)
        NDArray out = experts.forward(pass, in).reshape((long) c * e, d); // (C * E, D)
        return Rows.gather(out, slots.slotOfPair()); // (N * K, D)
    }

    private static Slots slots(NDManager manager, RoutingPlan plan) {
        int k = plan.choices();
        int e = plan.experts();
        int c = 0;
        for (int expert = 0; expert < e; expert++) {
            c = Math.max(c, plan.keptCount(expert));
        }
        c = c == 0 ? 0 : rounded(c);
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
        return new Slots(c, manager.create(tokenOfSlot), manager.create(slotOfPair));
    }

    /**
     * At most a sixteenth more: few different sizes come back again and again. libtorch compiles a kernel for each new
     * size, which takes longer than running it.
     */
    static int rounded(int slots) {
        int grain = Math.max(1, Integer.highestOneBit(slots) / 16);
        return (slots + grain - 1) / grain * grain;
    }
}
