package dev.switchlab.bench.jmh;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.Initialization;
import dev.switchlab.nn.LabBlock;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.StepWeights;
import java.util.SplittableRandom;
import java.util.function.BiFunction;

/** One block with first weights and one input, (S, B, D): forward and backward as in a training step. */
final class TrainedBlock<B extends LabBlock> implements AutoCloseable {

    private final B block;
    private final NDManager manager = NDManager.newBaseManager(Device.cpu());
    private final NDArray x;

    TrainedBlock(B block, ModelConfig model, int seqLen, int batchSize) {
        this.block = block;
        SplittableRandom random = new SplittableRandom(1);
        new Initialization(model, name -> random.split()).apply(block, manager);
        x = manager.randomNormal(0, 1, new Shape(seqLen, batchSize, model.dModel()), DataType.FLOAT32); // (S, B, D)
    }

    /**
     * The loss is the sum of what {@code forward} gives.
     *
     * @return it, so that nobody can leave the work out
     */
    float forwardAndBackward(BiFunction<Pass, NDArray, NDArray> forward) {
        try (NDManager scope = manager.newSubManager()) {
            StepWeights weights = new StepWeights(scope, block, true);
            Pass pass = Pass.training(scope, weights, DropPolicy.byPosition(), layer -> new SplittableRandom(1));
            NDArray input = x.stopGradient(); // (S, B, D)
            input.attach(scope);
            input.setRequiresGradient(true);
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray loss = forward.apply(pass, input).sum(); // ()
                collector.backward(loss);
                return loss.getFloat();
            }
        }
    }

    B block() {
        return block;
    }

    @Override
    public void close() {
        block.clear();
        manager.close();
    }
}
