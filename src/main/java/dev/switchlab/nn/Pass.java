package dev.switchlab.nn;

import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;

/**
 * What one forward pass needs beside its inputs.
 *
 * @param manager owns everything that the pass makes; closed when the step is over
 * @param weights where blocks get their weights from
 * @param training whether dropout, router jitter and the training capacity apply
 * @param dropPolicy which tokens an over-full expert keeps
 */
public record Pass(NDManager manager, ParameterStore weights, boolean training, DropPolicy dropPolicy) {

    /** The manager in which constants outlive the step: that of the weights where it is known, else the step's parent. */
    NDManager modelManager() {
        if (weights instanceof StepWeights step) {
            return step.modelManager();
        }
        return manager.getParentManager();
    }
}
