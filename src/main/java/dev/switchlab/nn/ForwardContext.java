package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.nn.kernel.Script;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;

/**
 * What one forward pass needs beside its inputs.
 *
 * @param manager owns everything that the pass makes; closed when the step is over
 * @param modelManager owns what outlives the pass, such as constants: that of the weights
 * @param weights where blocks get their weights from
 * @param training whether dropout, router exploration and the training capacity apply
 * @param dropPolicy the shuffled order in which tokens fill an over-full expert; not asked by layers that fill by
 *     position
 * @param exploration the random stream of a layer's router, by layer; not asked at evaluation
 * @param kernels what multiplies where blocks compute by kernels; null for plain operators, the kernels' oracle
 * @param shard which sequences of the batch the pass computes
 * @param graph what gradients are computed by; null at evaluation, and where DJL differentiates
 * @param tokens what a language model reads, (S, B) int64; null where a block runs by itself
 */
public record ForwardContext(
        NDManager manager,
        NDManager modelManager,
        ParameterStore weights,
        boolean training,
        DropPolicy dropPolicy,
        IntFunction<RandomGenerator> exploration,
        Kernels kernels,
        BatchShard shard,
        Graph graph,
        NDArray tokens) {

    private static final Script LINEAR = Script.of("linear");

    /** A pass in training mode by plain operators, differentiated by {@link #backward}. */
    public static ForwardContext training(
            NDManager manager, StepWeights weights, DropPolicy dropPolicy, IntFunction<RandomGenerator> exploration) {
        return new ForwardContext(
                manager,
                weights.modelManager(),
                weights,
                true,
                dropPolicy,
                exploration,
                null,
                BatchShard.all(),
                new Graph(),
                null);
    }

    /** A pass at evaluation by plain operators: no dropout, no exploration, the evaluation capacity. */
    public static ForwardContext evaluation(NDManager manager, StepWeights weights, DropPolicy dropPolicy) {
        return new ForwardContext(
                manager,
                weights.modelManager(),
                weights,
                false,
                dropPolicy,
                layer -> {
                    throw new IllegalStateException("routers do not explore at evaluation");
                },
                null,
                BatchShard.all(),
                null,
                null);
    }

    /** A copy of this context that computes by kernels. */
    public ForwardContext by(Kernels own) {
        return new ForwardContext(
                manager, modelManager, weights, training, dropPolicy, exploration, own, shard, graph, tokens);
    }

    /** A copy of this context for some of the batch's sequences. */
    public ForwardContext over(BatchShard own) {
        return new ForwardContext(
                manager, modelManager, weights, training, dropPolicy, exploration, kernels, own, graph, tokens);
    }

    /** A copy of this context that knows what the model reads. */
    ForwardContext reading(NDArray own) {
        return new ForwardContext(
                manager, modelManager, weights, training, dropPolicy, exploration, kernels, shard, graph, own);
    }

    /** Whether blocks compute by kernels. */
    boolean hasKernels() {
        return kernels != null;
    }

    /** Whether the graph is cut: only kernels need that. */
    private boolean hasCuts() {
        return graph != null && hasKernels();
    }

    /** Runs a kernel: in training as a part of the graph, at evaluation without one. */
    NDArray run(Script script, String method, Object... arguments) {
        return training ? script.differentiable(manager, method, arguments) : script.tensor(manager, method, arguments);
    }

    /** What {@code x} is in bfloat16, in float32, where kernels round all that there is; {@code x} where not. */
    NDArray rounded(NDArray x) {
        return hasKernels() && kernels.rounds() ? run(LINEAR, "rounded", x) : x;
    }

    /** Cuts the graph at the input of {@code layer}, if it is cut at all. */
    Graph.Cut begin(Block layer) {
        return hasCuts() ? graph.begin(layer) : Graph.none();
    }

    /**
     * Cuts the graph, if it is cut at all. Nothing that came before is read behind it, but for what the cut carries.
     */
    Graph.Cut cut() {
        return hasCuts() ? graph.cut() : Graph.none();
    }

    /** Adds to the gradient of a weight that libtorch does not know of. */
    void add(Parameter parameter, NDArray gradient) {
        ((StepWeights) weights).add(parameter, gradient);
    }

    /** Differentiates {@code loss}, a scalar. Gradients of weights are those of {@link StepWeights}. */
    public void backward(NDArray loss) {
        backward(loss, block -> {});
    }

    /**
     * Differentiates {@code loss}, a scalar.
     *
     * @param complete is told each layer when all gradients of its weights are there
     */
    public void backward(NDArray loss, Consumer<Block> complete) {
        graph.backward(loss, complete);
    }
}
