package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * {@code mean over tokens of (log sum_i exp(l_i))^2}, summed over layers: keeps a router's logits small (ST-MoE, arXiv
 * 2202.08906, equation 5).
 */
public final class RouterZLoss {

    private RouterZLoss() {}

    /** The loss, a scalar. {@code routing} is not empty. */
    public static NDArray of(List<Routing> routing) {
        NDArray loss = null;
        for (Routing layer : routing) {
            NDArray logits = layer.logits(); // (N, E)
            NDArray largest = logits.max(new int[] {1}, true).stopGradient(); // (N, 1)
            NDArray logSumExp =
                    logits.sub(largest).exp().sum(new int[] {1}, true).log().add(largest); // (N, 1)
            NDArray own = logSumExp.square().mean(); // ()
            loss = loss == null ? own : loss.add(own);
        }
        return loss;
    }
}
