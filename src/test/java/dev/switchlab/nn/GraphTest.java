package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.GradientCollector;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.nn.kernel.Kernels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GraphTest {

    private static final long[] TOKENS = {0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4};

    private final Graph graph = new Graph();

    /** {@code y = factor * x}, whose gradient libtorch does not know. */
    private record Times(float factor, List<Float> seen) implements Graph.Function {

        @Override
        public NDArray forward(NDArray x) {
            return x.mul(x.getManager().create(factor));
        }

        @Override
        public NDArray backward(NDArray dy) {
            seen.add(factor);
            return dy.mul(dy.getManager().create(factor));
        }
    }

    /** The gradient of {@code sum(f(x))} at x = (1, 2). */
    @SuppressWarnings("try") // a collector turns autograd on by being there
    private float[] gradient(UnaryOperator<NDArray> f) {
        try (NDManager manager = NDManager.newBaseManager();
                GradientCollector gradientsOn = Engine.getInstance().newGradientCollector()) {
            NDArray x = manager.create(new float[] {1, 2});
            x.setRequiresGradient(true);
            graph.backward(f.apply(x).sum(), block -> {});
            return x.getGradient().toFloatArray();
        }
    }

    @Test
    void piecesAreDifferentiatedLastToFirst() {
        List<Float> seen = new ArrayList<>();
        float[] gradient = gradient(x -> {
            NDArray y = graph.cut().through(x, new Times(2, seen));
            NDArray square = graph.cut().carry(y.mul(y)); // 4 x^2
            return graph.cut().through(square, new Times(5, seen)); // 20 x^2
        });
        assertThat(gradient).containsExactly(40, 80);
        assertThat(seen).containsExactly(5f, 2f);
    }

    /** What crosses a cut twice, or is read twice behind it, gets both gradients. */
    @Test
    void gradientsOfOneTensorAreSummed() {
        float[] gradient = gradient(x -> {
            NDArray square = x.mul(x);
            Graph.Cut cut = graph.cut();
            NDArray once = cut.carry(square);
            NDArray again = cut.carry(square);
            NDArray tripled = cut.through(square, new Times(3, new ArrayList<>()));
            return once.mul(again).add(once).add(tripled); // x^4 + 4 x^2
        });
        assertThat(gradient).containsExactly(4 + 8, 32 + 16);
    }

    @Test
    void aFunctionWithoutAGradientIsNotAsked() {
        List<Float> seen = new ArrayList<>();
        float[] gradient = gradient(x -> {
            NDArray square = x.mul(x);
            graph.cut().through(square, new Times(7, seen)); // nobody reads it
            return square;
        });
        assertThat(gradient).containsExactly(2, 4);
        assertThat(seen).isEmpty();
    }

    /** Tensors of no gradient, such as an input, may cross a cut. */
    @Test
    void nothingIsGivenToWhatWantsNoGradient() {
        float[] gradient = gradient(x -> {
            Graph.Cut cut = graph.cut();
            NDArray constant = cut.carry(x.stopGradient());
            return cut.carry(x).mul(constant);
        });
        assertThat(gradient).containsExactly(1, 2);
    }

    /** What the first time kept is freed by then. */
    @Test
    void aPassIsDifferentiatedOnce() {
        gradient(x -> x.mul(x));
        assertThatThrownBy(() -> gradient(x -> x.mul(x)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a pass is differentiated once; make another forward pass");
    }

    private static ModelConfig model(String settings) {
        return Modules.model(
                Semantics.PAPER,
                "model.d_model=8 model.heads=2 model.d_ff=6 model.n_layers=3 model.dropout=0.1 model.norm=rms "
                        + settings);
    }

    private static NDArray loss(AutoregressiveModel network, ForwardContext pass) {
        AutoregressiveModel.Output output = network.forward(pass, pass.manager().create(TOKENS, new Shape(6, 2)));
        NDArray square = output.logits().mul(output.logits()).sum(); // ()
        return output.routing().isEmpty() ? square : square.add(RouterZLoss.of(output.routing())); // ()
    }

    /** libtorch differentiates a dense model as a whole, too. */
    @Test
    void aCutModelHasTheGradientsOfTheUncutOne() {
        ModelConfig model = model("model.feed_forward=dense model.n_experts=1");
        try (NDManager manager = NDManager.newBaseManager();
                NDManager step = manager.newSubManager()) {
            AutoregressiveModel network = Modules.initialize(new AutoregressiveModel(model, 7, 6, false), manager, 1);
            Map<String, float[]> cut =
                    Forms.gradients(network, step, pass -> pass.by(Kernels.MATRIX), null, pass -> loss(network, pass));
            StepWeights weights = new StepWeights(step, network, true);
            ForwardContext whole = new ForwardContext(
                    step, manager, weights, true, null, null, Kernels.MATRIX, BatchShard.all(), null, null);
            assertThat(whole.cut().cuts()).isFalse();
            Engine.getInstance().setRandomSeed(9);
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                collector.backward(loss(network, whole));
            }
            Map<String, float[]> expected = new LinkedHashMap<>();
            StateDict.of(network)
                    .trainable()
                    .values(weights::gradient)
                    .forEach((name, gradient) -> expected.put(name, gradient.values()));
            Forms.agree(cut, expected, 1e-6, "cut");
            network.clear();
        }
    }

    /** While earlier layers are differentiated, gradients of later ones may be sent to other ranks. */
    @ParameterizedTest
    @ValueSource(strings = {"model.n_experts=4 model.top_k=2 model.shared_experts=1", "model.moe_every=2"})
    @SuppressWarnings("try") // a collector turns autograd on by being there
    void layersAreCompleteLastToFirst(String settings) {
        try (NDManager manager = NDManager.newBaseManager();
                NDManager step = manager.newSubManager();
                GradientCollector gradientsOn = Engine.getInstance().newGradientCollector()) {
            AutoregressiveModel network =
                    Modules.initialize(new AutoregressiveModel(model(settings), 7, 6, true), manager, 1);
            StepWeights weights = new StepWeights(step, network, true);
            ForwardContext pass = ForwardContext.training(
                            step, weights, DropPolicy.random(new SplittableRandom(3)), SplittableRandom::new)
                    .by(Kernels.MATRIX);
            List<Block> told = new ArrayList<>();
            List<Map<String, StateDict.Weight>> then = new ArrayList<>();
            pass.backward(loss(network, pass), block -> {
                told.add(block);
                then.add(gradients((LabBlock) block, weights));
            });
            List<SwitchTransformerLayer> layers = network.layers();
            assertThat(told).containsExactly(layers.get(2), layers.get(1), layers.get(0));
            for (int i = 0; i < told.size(); i++) {
                Map<String, StateDict.Weight> own = then.get(i);
                gradients((LabBlock) told.get(i), weights)
                        .forEach((name, gradient) ->
                                assertThat(own.get(name).values()).as(name).containsExactly(gradient.values()));
            }
            network.clear();
        }
    }

    private static Map<String, StateDict.Weight> gradients(LabBlock block, StepWeights weights) {
        return StateDict.of(block).trainable().values(weights::gradient);
    }
}
