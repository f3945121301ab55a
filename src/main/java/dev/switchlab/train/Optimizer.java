package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.experiment.TrainConfig.OptimizerKind;
import dev.switchlab.nn.StateDict;
import java.util.List;
import java.util.Map;

/** What updates weights in place, step by step. */
public sealed interface Optimizer permits Adam, Muon {

    /**
     * The optimizer that a training recipe names.
     *
     * @param trained the weights, which it updates in place
     * @param owner owns the moments
     */
    static Optimizer of(TrainConfig train, StateDict trained, NDManager owner) {
        List<NDArray> weights =
                trained.parameters().stream().map(Parameter::getArray).toList();
        return train.optimizer() == OptimizerKind.MUON
                ? new Muon(MuonConfig.of(train), weights, HiddenMatrices.of(trained), owner)
                : new Adam(AdamConfig.of(train), weights, owner);
    }

    /**
     * What it keeps from step to step, by name, each in the order of the weights; null where a weight has none of that
     * kind.
     */
    Map<String, List<NDArray>> moments();

    /** Optimizer steps taken so far. */
    int steps();

    /** Goes on after {@code steps} steps; the moments are set through {@link #moments}. */
    void resume(int steps);

    /**
     * One update.
     *
     * @param manager the step's manager
     * @param gradients one per weight, in the constructor's order; of no use afterwards
     * @param clipping of these gradients; the update divides by it
     * @param learningRate the scheduled learning rate
     * @param baseLearningRate the learning rate before the schedule
     */
    void step(
            NDManager manager,
            List<NDArray> gradients,
            GradientClipping clipping,
            double learningRate,
            double baseLearningRate);
}
