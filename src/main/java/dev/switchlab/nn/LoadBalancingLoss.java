package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.TrainConfig.LoadBalanceScope;
import java.util.List;

/**
 * {@code E * sum_i f_i P_i}, summed over layers (arXiv 2101.03961, section 2.2, equations 4 to 6; reference: {@code Configs.step}): f_i the
 * share of (token, choice) pairs that want expert i, {@code counts_i / (K N)}, without gradient; P_i the mean score of expert i, with
 * gradient. With softmax scores it is 1 per layer when the load is even, for any K; implementations that leave out the 1/K have K there.
 *
 * <p>By sequence f and P are of one sequence at a time, and the loss is the mean over sequences (DeepSeek-V3, arXiv 2412.19437, equations
 * 17 to 20). Sigmoid scores are divided by their sum per token first (equation 19).
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
        int layers = routing.size();
        int nExperts = routing.get(0).plan().experts();
        float[] weights = new float[layers * nExperts];
        NDList sums = new NDList(layers);
        for (int layer = 0; layer < layers; layer++) {
            RoutingPlan plan = routing.get(layer).plan();
            for (int expert = 0; expert < nExperts; expert++) {
                double share = plan.count(expert) / (double) plan.pairs();
                weights[layer * nExperts + expert] = (float) (nExperts * share / plan.tokens());
            }
            sums.add(routing.get(layer).scoreSum()); // (E)
        }
        NDArray all = NDArrays.stack(sums); // (L, E)
        return all.mul(manager.create(weights, new Shape(layers, nExperts))).sum(); // ()
    }

    private static NDArray perSequence(NDManager manager, List<Routing> routing) {
        NDArray loss = null;
        for (Routing layer : routing) {
            RoutingPlan plan = layer.plan();
            int e = plan.experts();
            int b = layer.sequences();
            long[] counts = new long[b * e];
            for (int token = 0; token < plan.tokens(); token++) {
                for (int choice = 0; choice < plan.choices(); choice++) {
                    counts[token % b * e + plan.route(token, choice)]++;
                }
            }
            double pairs = (double) plan.pairs() / b;
            float[] weights = new float[b * e];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) (e * (counts[i] / pairs) / plan.tokens());
            }
            NDArray probabilities = layer.distribution().reshape(-1, b, e); // (S, B, E)
            NDArray own =
                    probabilities.mul(manager.create(weights, new Shape(b, e))).sum(); // ()
            loss = loss == null ? own : loss.add(own);
        }
        return loss;
    }
}
