package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/**
 * A loop over experts, the way the reference is written: the oracle that faster forms are tested against. Slow with
 * many experts.
 */
final class LoopDispatch implements Dispatch {

    @Override
    public NDArray apply(Pass pass, Experts experts, NDArray x, Plan anyPlan) {
        RoutingPlan plan = anyPlan.onHost();
        NDManager manager = pass.manager();
        NDList outputs = new NDList();
        long[] rowOfPair = new long[plan.pairs()];
        int row = 0;
        for (int expert = 0; expert < plan.experts(); expert++) {
            int[] kept = plan.kept(expert);
            if (kept.length == 0) {
                continue;
            }
            long[] tokens = new long[kept.length];
            for (int i = 0; i < kept.length; i++) {
                tokens[i] = kept[i] / plan.choices();
                rowOfPair[kept[i]] = row++;
            }
            NDArray own = Rows.gather(x, manager.create(tokens)); // (n, D)
            outputs.add(experts.forwardOne(pass, expert, own)); // (n, D)
        }
        if (outputs.isEmpty()) {
            return manager.zeros(new Shape(plan.pairs(), x.getShape().get(1))); // (N * K, D)
        }
        // DJL's concat of a single array silently leaves the graph.
        NDArray all = outputs.size() == 1 ? outputs.head() : NDArrays.concat(outputs, 0); // (kept, D)
        return Rows.gather(all, manager.create(rowOfPair)); // (N * K, D)
    }
}
