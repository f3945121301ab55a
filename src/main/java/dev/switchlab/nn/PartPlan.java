package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Optional;

/**
 * The routing plan of one rank's tokens in a batch that several ranks share: what is theirs of the plan of the whole
 * batch. Capacity, dropping and the balance of loads are those of the whole batch.
 *
 * @param whole of all ranks' tokens
 * @param own of this rank's
 */
record PartPlan(RoutingPlan whole, RoutingPlan own) implements Plan {

    @Override
    public int tokens() {
        return own.tokens();
    }

    @Override
    public int experts() {
        return own.experts();
    }

    @Override
    public int choices() {
        return own.choices();
    }

    @Override
    public int capacity() {
        return whole.capacity();
    }

    @Override
    public double ownCapacity() {
        return (double) whole.capacity() * own.tokens() / whole.tokens();
    }

    @Override
    public RoutingPlan onHost() {
        return own;
    }

    @Override
    public NDArray counts(NDManager manager) {
        return whole.counts(manager); // (E)
    }

    @Override
    public NDArray routes(NDManager manager) {
        return own.routes(manager); // (n, K)
    }

    @Override
    public NDArray takers(NDManager manager) {
        return own.takers(manager); // (n, K)
    }

    @Override
    public Optional<NDArray> kept(NDManager manager) {
        return own.kept(manager); // (n * K, 1)
    }

    @Override
    public NDArray loadWeights(NDManager manager, int sequences) {
        return own.loadWeights(manager, sequences); // (b, E)
    }

    /** The mean over ranks of means over their tokens, weighted so, is the loss of the whole batch. */
    @Override
    public NDArray loadWeights(NDManager manager) {
        return whole.loadWeights(manager, 1, own.tokens()); // (1, E)
    }
}
