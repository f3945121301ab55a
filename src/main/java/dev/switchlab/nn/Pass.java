package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import dev.switchlab.nn.kernel.Kernels;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
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
 * @param routesOnDevice whether the routing plan is made by tensors ({@link DevicePlan}), so that nothing is read, or
 *     in Java
 * @param fused how to compute by fused primitives; null for plain operators under autograd
 * @param part which sequences of the batch it computes
 */
public record Pass(
        NDManager manager,
        NDManager modelManager,
        ParameterStore weights,
        boolean training,
        DropPolicy dropPolicy,
        IntFunction<RandomGenerator> exploration,
        boolean routesOnDevice,
        Fused fused,
        BatchPart part) {

    /** A pass over plain operators that plans its routing where it is fastest: on a GPU there, on a CPU in Java. */
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
                manager.getDevice().isGpu(),
                null,
                BatchPart.all());
    }

    /**
     * The same pass, whose routing is planned by tensors wherever it computes: so the way of a GPU is tried on a CPU.
     */
    public Pass routedOnDevice() {
        return new Pass(manager, modelManager, weights, training, dropPolicy, exploration, true, fused, part);
    }

    /** The same pass over a part of the batch. */
    public Pass over(BatchPart own) {
        return new Pass(manager, modelManager, weights, training, dropPolicy, exploration, routesOnDevice, fused, own);
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

    /** The same pass by fused primitives; in training gradients then come from the pass' {@link #backward}. */
    public Pass fusedBy(Kernels kernels) {
        return with(new Fused(kernels, training ? new Tape() : null));
    }

    /** The same pass over plain operators. */
    Pass plain() {
        return with(null);
    }

    private Pass with(Fused how) {
        return new Pass(manager, modelManager, weights, training, dropPolicy, exploration, routesOnDevice, how, part);
    }

    /** Whether blocks compute by fused primitives, and gradients come from {@link #backward}. */
    public boolean isFused() {
        return fused != null;
    }

    Kernels kernels() {
        return fused.kernels();
    }

    private boolean hasTape() {
        return fused != null && fused.tape() != null;
    }

    /** Leaves a piece's gradient for the backward pass, if there will be one: {@link Tape#record}. */
    void record(NDArray output, Consumer<NDArray> backward) {
        if (hasTape()) {
            fused.tape().record(output, backward);
        }
    }

    /** The pass through {@code block} begins: {@link Tape#begin}. */
    void begin(Block block) {
        if (hasTape()) {
            fused.tape().begin(block);
        }
    }

    /**
     * Frees what only a backward pass would need, where a fused pass has none to come: what is computed next is then
     * written where the cache is warm.
     */
    void release(NDArray... arrays) {
        if (fused != null && fused.tape() == null) {
            for (NDArray array : arrays) {
                array.close();
            }
        }
    }

    /** What autograd differentiates begins here: {@link Tape#leaf}. Without a tape it is {@code x}. */
    public NDArray leaf(NDArray x) {
        return hasTape() ? fused.tape().leaf(x) : x;
    }

    /** A piece left to autograd. */
    NDArray plain(NDArray x, Function<NDArray, NDArray> f) {
        NDArray leaf = leaf(x);
        return source(() -> f.apply(leaf));
    }

    /** A piece left to autograd, of weights or of leaves. */
    NDArray source(Supplier<NDArray> f) {
        return hasTape() ? fused.tape().source(f) : f.get();
    }

    /** {@code a + b}. */
    NDArray sum(NDArray a, NDArray b) {
        NDArray y = a.add(b);
        record(y, dy -> {
            add(a, dy);
            add(b, dy);
        });
        return y;
    }

    /** Adds to the gradient of a piece's input. */
    void add(NDArray x, NDArray gradient) {
        fused.tape().add(x, gradient);
    }

    /** Adds to the gradient of a weight. */
    void add(Parameter parameter, NDArray gradient) {
        ((StepWeights) weights).add(parameter, gradient);
    }

    /** Differentiates {@code loss}, a scalar of what {@link #leaf} gave. The pass is fused and in training. */
    public void backward(NDArray loss) {
        fused.tape().backward(loss);
    }

    /** The same, followed by {@code listener}. */
    public void backward(NDArray loss, BackwardListener listener) {
        fused.tape().backward(loss, listener);
    }

    /** The gradient of an input of the whole, after {@link #backward}. */
    public NDArray gradient(NDArray input) {
        return fused.tape().gradient(input);
    }
}
