package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.loss.Loss;
import java.util.ArrayList;
import java.util.List;

/**
 * For DJL's {@code Trainer}: a task's loss plus the {@link LoadBalancingLoss} of all switch layers of a model, in the pass that gave the
 * predictions (arXiv 2101.03961, section 2.2).
 */
public final class SwitchLoss extends Loss {

    private final Loss task;
    private final double loadBalance;
    private final List<SwitchFeedForward> layers = new ArrayList<>();

    /**
     * @param task the loss that is wanted of the predictions
     * @param model holds one switch layer at least, at any depth
     * @param loadBalance coefficient of the load-balancing loss (paper: 0.01)
     */
    public SwitchLoss(Loss task, Block model, double loadBalance) {
        super("SwitchLoss");
        this.task = task;
        this.loadBalance = loadBalance;
        collect(model);
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("the model has no SwitchFeedForward whose load could be balanced");
        }
    }

    private void collect(Block block) {
        if (block instanceof SwitchFeedForward layer) {
            layers.add(layer);
        }
        block.getChildren().values().forEach(this::collect);
    }

    /** A scalar. */
    @Override
    public NDArray evaluate(NDList labels, NDList predictions) {
        List<Routing> routing =
                layers.stream().map(layer -> layer.lastRouting().orElseThrow()).toList();
        NDArray coefficient =
                predictions.getManager().full(new Shape(), (float) loadBalance, DataType.FLOAT32); // outlives backward
        NDArray balance = LoadBalancingLoss.of(predictions.getManager(), routing); // ()
        return task.evaluate(labels, predictions).add(balance.mul(coefficient)); // ()
    }
}
