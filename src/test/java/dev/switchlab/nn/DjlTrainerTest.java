package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.dataset.Batch;
import ai.djl.training.evaluator.Accuracy;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A switch layer as a block of a DJL model that DJL's own Trainer trains: four clouds of points that no straight line
 * parts.
 */
@Tag("slow")
class DjlTrainerTest {

    private static final int POINTS = 256;

    private static final ModelConfig EXPERTS = Experiment.of(
                    Semantics.PAPER,
                    "model.d_model=8 model.heads=1 model.d_ff=16 model.n_experts=4 model.capacity_factor=1.0"
                            + " model.router_jitter=0.1 model.drop_order=random")
            .model();

    private static SequentialBlock net() {
        SwitchFeedForward layer = new SwitchFeedForward(EXPERTS, 0);
        layer.setSeed(7);
        return new SequentialBlock()
                .add(Linear.builder().setUnits(8).build())
                .add(Activation::relu)
                .add(layer)
                .add(Linear.builder().setUnits(2).build());
    }

    private static SwitchFeedForward layer(Block net) {
        return (SwitchFeedForward) net.getChildren().values().get(2);
    }

    /** Points (n, 2), and of which kind they are: the sign of the product of both coordinates. */
    private static ArrayDataset points(NDManager manager) {
        SplittableRandom random = new SplittableRandom(3);
        float[] x = new float[POINTS * 2];
        float[] kinds = new float[POINTS];
        for (int i = 0; i < POINTS; i++) {
            x[2 * i] = (float) (random.nextDouble() * 2 - 1);
            x[2 * i + 1] = (float) (random.nextDouble() * 2 - 1);
            kinds[i] = x[2 * i] * x[2 * i + 1] > 0 ? 1 : 0;
        }
        return new ArrayDataset.Builder()
                .setData(manager.create(x, new Shape(POINTS, 2)))
                .optLabels(manager.create(kinds, new Shape(POINTS, 1)))
                .setSampling(64, false)
                .build();
    }

    private static List<Float> train(Model model, int epochs, double loadBalance) throws Exception {
        Engine.getInstance().setRandomSeed(5);
        SequentialBlock net = net();
        model.setBlock(net);
        return train(model, epochs, new SwitchLoss(Loss.softmaxCrossEntropyLoss(), net, loadBalance, 0.001));
    }

    private static List<Float> train(Model model, int epochs, Loss loss) throws Exception {
        DefaultTrainingConfig config = new DefaultTrainingConfig(loss)
                .optDevices(new Device[] {Device.cpu()})
                .addEvaluator(new Accuracy())
                .optOptimizer(Optimizer.adam()
                        .optLearningRateTracker(Tracker.fixed(0.01f))
                        .build());
        List<Float> losses = new ArrayList<>();
        try (Trainer trainer = model.newTrainer(config)) {
            trainer.initialize(new Shape(64, 2));
            for (int epoch = 0; epoch < epochs; epoch++) {
                for (Batch batch : trainer.iterateDataset(points(model.getNDManager()))) {
                    try (batch) {
                        EasyTrain.trainBatch(trainer, batch);
                        losses.add(loss.evaluate(batch.getLabels(), trainer.evaluate(batch.getData()))
                                .getFloat());
                        trainer.step();
                    }
                }
            }
        }
        return losses;
    }

    @Test
    void djlsTrainerLearnsWithASwitchLayer() throws Exception {
        try (Model model = Model.newInstance("points", Device.cpu())) {
            List<Float> losses = train(model, 40, 0.01);
            assertThat(losses.get(0)).isGreaterThan(0.5f);
            assertThat(losses.get(losses.size() - 1)).isLessThan(0.25f);
        }
    }

    /** Load balancing reaches the router through {@link SwitchLoss}. */
    @Test
    void theLoadIsBalanced() throws Exception {
        assertThat(fullest(1)).isLessThan(fullest(0));
    }

    private static int fullest(double loadBalance) throws Exception {
        try (Model model = Model.newInstance("points", Device.cpu())) {
            train(model, 10, loadBalance);
            RoutingPlan plan =
                    layer(model.getBlock()).lastRouting().orElseThrow().plan();
            return IntStream.range(0, 4).map(plan::count).max().orElseThrow();
        }
    }

    /** DJL's optimizer leaves the bias alone, its files keep it, and it moves when it is told to. */
    @Test
    void theSelectionBiasIsMovedByHand(@TempDir Path folder) throws Exception {
        float[] moved;
        try (Model model = Model.newInstance("bias", Device.cpu())) {
            SwitchFeedForward layer = new SwitchFeedForward(EXPERTS, 0, true, ProcessGroup.single());
            model.setBlock(around(layer));
            train(model, 1, new SwitchLoss(Loss.softmaxCrossEntropyLoss(), model.getBlock(), 0, 0));
            assertThat(bias(layer)).containsOnly(0);
            layer.moveSelectionBias(0.5);
            moved = bias(layer);
            assertThat(moved).isNotEqualTo(new float[4]);
            model.save(folder, "bias");
        }
        try (Model model = Model.newInstance("bias", Device.cpu())) {
            SwitchFeedForward layer = new SwitchFeedForward(EXPERTS, 0, true, ProcessGroup.single());
            model.setBlock(around(layer));
            model.load(folder, "bias");
            assertThat(bias(layer)).containsExactly(moved);
        }
        assertThatThrownBy(() -> new SwitchFeedForward(EXPERTS, 3).moveSelectionBias(new long[4], 1))
                .hasMessage("layer 3 was made without a selection bias");
    }

    private static SequentialBlock around(SwitchFeedForward layer) {
        return new SequentialBlock()
                .add(Linear.builder().setUnits(8).build())
                .add(layer)
                .add(Linear.builder().setUnits(2).build());
    }

    private static float[] bias(SwitchFeedForward layer) {
        return StateDict.of(layer).weights().get("selection_bias").values();
    }

    /** First weights, order of dropping and jitter come from seeds: training again gives the same bits. */
    @Test
    void theSameSeedsGiveTheSameBits() throws Exception {
        try (Model one = Model.newInstance("one", Device.cpu());
                Model two = Model.newInstance("two", Device.cpu())) {
            assertThat(train(one, 3, 0.01)).isEqualTo(train(two, 3, 0.01));
        }
    }

    /** Two calls drop other tokens and jitter otherwise; from the seed on again, the calls repeat. */
    @Test
    void randomNumbersMoveWithEachCall() throws Exception {
        try (Model model = Model.newInstance("points", Device.cpu())) {
            train(model, 1, 0.01);
            NDManager manager = model.getNDManager();
            ParameterStore store = new ParameterStore(manager, false);
            SwitchFeedForward layer = layer(model.getBlock());
            NDArray x = Modules.random(manager, 4, 6, 5, 8); // (S, B, D)
            for (boolean training : new boolean[] {true, false}) {
                layer.setSeed(1);
                List<float[]> calls = new ArrayList<>();
                List<int[]> dropped = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    calls.add(layer.forward(store, new NDList(x), training)
                            .singletonOrThrow()
                            .toFloatArray());
                    dropped.add(layer.lastRouting().orElseThrow().plan().dropped());
                }
                layer.setSeed(1);
                float[] again = layer.forward(store, new NDList(x), training)
                        .singletonOrThrow()
                        .toFloatArray();
                assertThat(again).containsExactly(calls.get(0));
                if (training) {
                    assertThat(dropped.get(0)).isNotEmpty().isNotEqualTo(dropped.get(1));
                    assertThat(calls.get(1)).isNotEqualTo(calls.get(0)).isNotEqualTo(calls.get(2));
                }
            }
        }
    }

    /** What is dropped in training is decided by the setting: by position nothing is random. */
    @Test
    void droppingByPositionIsKeptInTheListForm() {
        ModelConfig config = Modules.model(
                Semantics.PAPER,
                "model.d_model=8 model.heads=1 model.d_ff=16 model.n_experts=2 model.capacity_factor=0.5"
                        + " model.min_capacity=0 model.router_jitter=0");
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                NDManager step = manager.newSubManager()) {
            SwitchFeedForward layer = Modules.initialize(new SwitchFeedForward(config, 0), manager, 1);
            NDArray x = Modules.random(step, 4, 20, 8); // (N, D)
            NDArray listed = layer.forward(new ParameterStore(manager, false), new NDList(x), true)
                    .singletonOrThrow();
            int[] dropped = layer.lastRouting().orElseThrow().plan().dropped();
            ForwardContext pass =
                    ForwardContext.training(step, new StepWeights(step, layer, false), DropPolicy.byPosition(), null);
            NDArray typed = layer.forward(pass, x).y();
            assertThat(dropped)
                    .isNotEmpty()
                    .containsExactly(layer.lastRouting().orElseThrow().plan().dropped());
            assertThat(listed.toFloatArray()).containsExactly(typed.toFloatArray());
        }
    }

    @Test
    void parametersGoThroughDjlsFiles(@TempDir Path folder) throws Exception {
        float[] saved;
        try (Model model = Model.newInstance("points", Device.cpu())) {
            train(model, 2, 0.01);
            model.save(folder, "points");
            saved = predict(model);
        }
        try (Model model = Model.newInstance("points", Device.cpu())) {
            model.setBlock(net());
            model.load(folder, "points");
            assertThat(predict(model)).containsExactly(saved, within(0f));
        }
    }

    private static float[] predict(Model model) {
        try (NDManager manager = model.getNDManager().newSubManager()) {
            layer(model.getBlock()).setSeed(2);
            ParameterStore store = new ParameterStore(manager, false);
            return model.getBlock()
                    .forward(store, new NDList(Modules.random(manager, 8, 16, 2)), false)
                    .singletonOrThrow()
                    .toFloatArray();
        }
    }

    /** What DJL is told of the shapes is what comes out, for every block that a model can be made of. */
    @Test
    void outputShapesAreExact() {
        ModelConfig config = Modules.model(
                Semantics.PAPER,
                "model.d_model=8 model.heads=2 model.d_ff=16 model.n_layers=2 model.positions=learned");
        FeedForwardConfig network = FeedForwardConfig.expert(config);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            NDArray x = Modules.random(manager, 1, 5, 3, 8); // (S, B, D)
            NDArray tokens = manager.create(new long[15], new Shape(5, 3)); // (S, B)
            shape(manager, new SwitchFeedForward(config, 0), x);
            shape(manager, new SwitchFeedForward(config, 0), x.reshape(15, 8));
            shape(manager, new FeedForward(network), x);
            shape(manager, new LinearLayer(8, 11, true), x);
            shape(manager, new LayerNormLayer(8), x);
            shape(manager, new Experts(5, network), x);
            shape(manager, new MultiHeadAttention(2, 8, 0, true, config.positions()), x, x, x);
            shape(manager, new SwitchTransformerLayer(config, 0, true, ProcessGroup.single()), x);
            shape(manager, new SwitchTransformer(config, true, ProcessGroup.single()), x);
            shape(manager, new AutoregressiveModel(config, 13, 5, true), tokens);
        }
    }

    private static void shape(NDManager manager, LabBlock block, NDArray... inputs) {
        NDList list = new NDList(inputs);
        block.initialize(manager, ai.djl.ndarray.types.DataType.FLOAT32, list.getShapes());
        NDList outputs = block.forward(new ParameterStore(manager, false), list, true);
        assertThat(outputs.getShapes()).containsExactly(block.getOutputShapes(list.getShapes()));
    }

    @Test
    void aModelWithoutSwitchLayersHasNoLoadToBalance() {
        Block dense = new SequentialBlock().add(Linear.builder().setUnits(2).build());
        assertThatThrownBy(() -> new SwitchLoss(Loss.l2Loss(), dense, 0.01, 0))
                .hasMessageContaining("no SwitchFeedForward");
    }
}
