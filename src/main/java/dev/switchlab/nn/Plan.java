package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Optional;

/**
 * Where each (token, choice) pair of a layer goes, for what a forward and a backward pass need of it: tensors. Made on
 * the host ({@link RoutingPlan}), or by index arithmetic on the device that the pass runs on ({@link DevicePlan}); both
 * are the same to the integer.
 *
 * <p>N tokens, K choices, E experts; pair {@code token * K + choice}.
 */
public sealed interface Plan permits RoutingPlan, DevicePlan, PartPlan {

    /** Number of tokens, N. */
    int tokens();

    /** Number of experts, E. */
    int experts();

    /** Choices per token, K. */
    int choices();

    /** Number of (token, choice) pairs. */
    default int pairs() {
        return tokens() * choices();
    }

    /** Pairs that one expert may take when pairs are dropped, of the whole batch. */
    int capacity();

    /** The share of these tokens in {@link #capacity}. */
    default double ownCapacity() {
        return capacity();
    }

    /** The plan as host arrays. Of a plan on the device this is a read, which waits for it. */
    RoutingPlan onHost();

    /** Pairs of the whole batch that want each expert, before dropping, (E) int64. */
    NDArray counts(NDManager manager);

    /** The expert that each pair wants, whether or not it has room, (N, K) int64. */
    NDArray routes(NDManager manager);

    /** The expert that each pair is sent to, (N, K) int64. */
    NDArray takers(NDManager manager);

    /** 1 for a kept pair and 0 for a dropped one, (N * K, 1) float32; empty if it is known that none is dropped. */
    Optional<NDArray> kept(NDManager manager);

    /**
     * What a mean score is multiplied by in the load-balancing loss, {@code E f / N}, (B, E) float32: f the share of a
     * sequence's pairs that want an expert, before dropping.
     *
     * @param sequences B: token t belongs to sequence t mod B
     */
    NDArray loadWeights(NDManager manager, int sequences);

    /** The same with f of the whole batch, (1, E) float32. */
    default NDArray loadWeights(NDManager manager) {
        return loadWeights(manager, 1);
    }
}
