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
                ? new Muon(Muon.Config.of(train), weights, Muon.hiddenMatrices(trained), owner)
                : new Adam(Adam.Config.of(train), weights, owner);
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
     * @param gradients one per weight, in the constructor's order; of no use afterwards
     * @param divisor () float32, what each gradient is divided by: {@link GradientClipping#divisor}
     * @param learningRate the scheduled learning rate
     * @param baseLearningRate the learning rate before the schedule
     */
    void step(List<NDArray> gradients, NDArray divisor, double learningRate, double baseLearningRate);
}
