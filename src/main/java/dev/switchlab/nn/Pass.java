package dev.switchlab.nn;

import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;

/**
 * What one forward pass needs beside its inputs.
 *
 * @param manager owns everything that the pass makes; closed when the step is over
 * @param weights where blocks get their weights from
 * @param training whether dropout, router jitter and the training capacity apply
 * @param dropPolicy which tokens an over-full expert keeps
 * @param jitter the random stream of a layer's router noise, by layer
 */
public record Pass(
        NDManager manager,
        ParameterStore weights,
        boolean training,
        DropPolicy dropPolicy,
        IntFunction<RandomGenerator> jitter) {

    /** A pass in training mode. */
    public static Pass training(
            NDManager manager, ParameterStore weights, DropPolicy dropPolicy, IntFunction<RandomGenerator> jitter) {
        return new Pass(manager, weights, true, dropPolicy, jitter);
    }

    /** A pass at evaluation: no dropout, no jitter, the evaluation capacity. */
    public static Pass evaluation(NDManager manager, ParameterStore weights, DropPolicy dropPolicy) {
        return new Pass(manager, weights, false, dropPolicy, layer -> {
            throw new IllegalStateException("no router jitter at evaluation");
        });
    }

    /** The manager in which constants outlive the step: that of the weights where it is known, else the step's parent. */
    NDManager modelManager() {
        if (weights instanceof StepWeights step) {
            return step.modelManager();
        }
        return manager.getParentManager();
    }
}
