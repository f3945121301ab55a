package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.loss.Loss;
import java.util.ArrayList;
import java.util.List;

/**
 * For DJL's {@code Trainer}: a task's loss plus the {@link LoadBalancingLoss} and {@link RouterZLoss} of all switch
 * layers of a model, in the pass that gave the predictions.
 */
public final class SwitchLoss extends Loss {

    private final Loss task;
    private final double loadBalance;
    private final double zLoss;
    private final List<SwitchFeedForward> layers = new ArrayList<>();

    /**
     * @param task the loss that is wanted of the predictions
     * @param model holds one switch layer at least, at any depth
     * @param loadBalance coefficient of the load-balancing loss (paper: 0.01)
     * @param zLoss coefficient of the router z-loss (ST-MoE: 0.001); 0 for none
     */
    public SwitchLoss(Loss task, Block model, double loadBalance, double zLoss) {
        super("SwitchLoss");
        this.task = task;
        this.loadBalance = loadBalance;
        this.zLoss = zLoss;
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
        NDManager manager = predictions.getManager();
        NDArray loss = task.evaluate(labels, predictions); // ()
        loss = loss.add(LoadBalancingLoss.of(manager, routing).mul(scalar(manager, loadBalance))); // ()
        return zLoss == 0 ? loss : loss.add(RouterZLoss.of(routing).mul(scalar(manager, zLoss))); // ()
    }

    /** Lives as long as the predictions: the backward pass reads it. */
    private static NDArray scalar(NDManager manager, double value) {
        return manager.full(new Shape(), (float) value, DataType.FLOAT32);
    }
}
