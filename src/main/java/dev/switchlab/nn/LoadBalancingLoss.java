package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.TrainConfig.LoadBalanceScope;
import java.util.List;

/**
 * {@code E * sum_i f_i P_i}, summed over layers (arXiv 2101.03961, section 2.2, equations 4 to 6; reference:
 * {@code Configs.step}): f_i the share of (token, choice) pairs that want expert i, {@code counts_i / (K N)}, without
 * gradient; P_i the mean score of expert i, with gradient. With softmax scores it is 1 per layer when the load is even,
 * for any K; implementations that leave out the 1/K have K there.
 *
 * <p>By sequence f and P are of one sequence at a time, and the loss is the mean over sequences (DeepSeek-V3, arXiv
 * 2412.19437, equations 17 to 20). Sigmoid scores are divided by their sum per token first (equation 19).
 */
public final class LoadBalancingLoss {

    private LoadBalancingLoss() {}

    /** The loss over whole batches, a scalar. {@code routing} is not empty. */
    public static NDArray of(NDManager manager, List<Routing> routing) {
        return of(manager, routing, LoadBalanceScope.BATCH);
    }

    /** The loss, a scalar. {@code routing} is not empty. */
    public static NDArray of(NDManager manager, List<Routing> routing, LoadBalanceScope scope) {
        return scope == LoadBalanceScope.BATCH ? perBatch(manager, routing) : perSequence(manager, routing);
    }

    private static NDArray perBatch(NDManager manager, List<Routing> routing) {
        NDList sums = new NDList(routing.size());
        NDList weights = new NDList(routing.size());
        for (Routing layer : routing) {
            sums.add(layer.scoreSum()); // (E)
            weights.add(layer.plan().loadWeights(manager)); // (1, E)
        }
        NDArray all = NDArrays.stack(sums); // (L, E)
        return all.mul(NDArrays.stack(weights).reshape(all.getShape())).sum(); // ()
    }

    private static NDArray perSequence(NDManager manager, List<Routing> routing) {
        NDArray loss = null;
        for (Routing layer : routing) {
            RoutingPlan plan = layer.plan();
            int b = layer.sequences();
            NDArray probabilities = layer.distribution().reshape(-1, b, plan.experts()); // (S, B, E)
            NDArray own = probabilities.mul(plan.loadWeights(manager, b)).sum(); // ()
            loss = loss == null ? own : loss.add(own);
        }
        return loss;
    }
}
