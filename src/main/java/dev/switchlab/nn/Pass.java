package dev.switchlab.nn;

import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;

/**
 * What one forward pass needs beside its inputs.
 *
 * @param manager owns everything that the pass makes; closed when the step is over
 * @param modelManager owns what outlives the pass, such as constants: that of the weights
 * @param weights where blocks get their weights from
 * @param training whether dropout, router exploration and the training capacity apply
 * @param dropPolicy the shuffled order in which tokens fill an over-full expert; not asked by layers that fill by position
 * @param exploration the random stream of a layer's router, by layer; not asked at evaluation
 * @param routesOnDevice whether the routing plan is made by tensors ({@link DevicePlan}), so that nothing is read, or in Java
 */
public record Pass(
        NDManager manager,
        NDManager modelManager,
        ParameterStore weights,
        boolean training,
        DropPolicy dropPolicy,
        IntFunction<RandomGenerator> exploration,
        boolean routesOnDevice) {

    /** A pass that plans its routing where it is fastest: on a GPU there, on a CPU in Java. */
    public Pass(
            NDManager manager,
            NDManager modelManager,
            ParameterStore weights,
            boolean training,
            DropPolicy dropPolicy,
            IntFunction<RandomGenerator> exploration) {
        this(
                manager,
                modelManager,
                weights,
                training,
                dropPolicy,
                exploration,
                manager.getDevice().isGpu());
    }

    /** The same pass, whose routing is planned by tensors wherever it computes: so the way of a GPU is tried on a CPU. */
    public Pass routedOnDevice() {
        return new Pass(manager, modelManager, weights, training, dropPolicy, exploration, true);
    }

    /** A pass in training mode. */
    public static Pass training(
            NDManager manager, StepWeights weights, DropPolicy dropPolicy, IntFunction<RandomGenerator> exploration) {
        return new Pass(manager, weights.modelManager(), weights, true, dropPolicy, exploration);
    }

    /** A pass at evaluation: no dropout, no exploration, the evaluation capacity. */
    public static Pass evaluation(NDManager manager, StepWeights weights, DropPolicy dropPolicy) {
        return new Pass(manager, weights.modelManager(), weights, false, dropPolicy, layer -> {
            throw new IllegalStateException("routers do not explore at evaluation");
        });
    }
}
