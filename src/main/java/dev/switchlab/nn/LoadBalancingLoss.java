package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;

/**
 * {@code n_experts * sum(f_i * P_i)} summed over layers (paper section 2.2, equations 4 to 6; reference: {@code Configs.step}):
 * f the share of tokens routed to an expert, without gradient, P the mean router probability, with gradient. It is 1 a layer when the
 * load is even.
 */
public final class LoadBalancingLoss {

    private LoadBalancingLoss() {}

    /** The loss, a scalar. {@code routing} is not empty. */
    public static NDArray of(NDManager manager, List<Routing> routing) {
        int layers = routing.size();
        int nExperts = routing.get(0).plan().experts();
        float[] weights = new float[layers * nExperts];
        NDList sums = new NDList(layers);
        for (int layer = 0; layer < layers; layer++) {
            RoutingPlan plan = routing.get(layer).plan();
            double tokens = plan.tokens();
            for (int expert = 0; expert < nExperts; expert++) {
                double share = plan.count(expert) / tokens;
                weights[layer * nExperts + expert] = (float) (nExperts * share / tokens);
            }
            sums.add(routing.get(layer).probabilitySum()); // (E)
        }
        NDArray all = NDArrays.stack(sums); // (L, E)
        return all.mul(manager.create(weights, new Shape(layers, nExperts))).sum(); // ()
    }
}
