package dev.switchlab.golden;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.switchlab.nn.AttentionMask;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.Initialization;
import dev.switchlab.nn.LabBlock;
import dev.switchlab.nn.LoadBalancingLoss;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.StateDict;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A block with a case's weights, and one forward and backward pass through it. Close it when done: it owns all native
 * memory.
 */
final class Workbench<B extends LabBlock> implements AutoCloseable {

    private final B block;
    private final CaseFile file;
    private final StateDict stateDict;
    private final NDManager manager;
    private final Form form;
    private final Place place;

    /** Loads the case's weights strictly: names and shapes must be the block's. */
    Workbench(B block, CaseFile file, Place place, Form form) {
        this.form = form;
        this.place = place;
        this.block = block;
        this.file = file;
        stateDict = StateDict.of(block);
        manager = NDManager.newBaseManager(place.device());
        try {
            Initialization.allocate(stateDict, manager);
            Map<String, StateDict.Weight> weights = new LinkedHashMap<>();
            file.params()
                    .forEach(
                            (name, tensor) -> weights.put(name, new StateDict.Weight(tensor.shape(), tensor.floats())));
            stateDict.load(weights);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    B block() {
        return block;
    }

    StateDict stateDict() {
        return stateDict;
    }

    NDManager manager() {
        return manager;
    }

    /** What is done in a run. */
    @FunctionalInterface
    interface Body {
        /** The loss to differentiate. */
        NDArray loss(Run run);
    }

    /** Forward, backward, and all gradients of weights; the body adds outputs. */
    Map<String, Tensor> run(DropPolicy dropPolicy, Body body) {
        try (NDManager scope = manager.newSubManager()) {
            StepWeights weights = new StepWeights(scope, block, true);
            Run run = new Run(file, scope, pass(scope, weights, dropPolicy));
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray loss = body.loss(run);
                run.output("loss", loss);
                if (run.pass.isFused()) {
                    run.pass.backward(loss);
                } else {
                    collector.backward(loss);
                }
            }
            stateDict
                    .trainable()
                    .values(weights::gradient)
                    .forEach((name, gradient) ->
                            run.results.put("grad." + name, Tensor.of(gradient.values(), gradient.shape())));
            run.inputs.forEach((name, input) -> run.results.put(
                    "grad.input." + name, tensor(run.pass.isFused() ? run.pass.gradient(input) : input.getGradient())));
            return run.results;
        }
    }

    /** One pass: its inputs and outputs. */
    static final class Run {
        private final CaseFile file;
        private final NDManager scope;
        private final Pass pass;
        private final Map<String, NDArray> inputs = new LinkedHashMap<>();
        private final Map<String, Tensor> results = new TreeMap<>();

        private Run(CaseFile file, NDManager scope, Pass pass) {
            this.file = file;
            this.scope = scope;
            this.pass = pass;
        }

        Pass pass() {
            return pass;
        }

        NDManager scope() {
            return scope;
        }

        /** An input whose gradient is wanted. */
        NDArray input(String name) {
            NDArray input = array(scope, file.input(name, Dtype.F32));
            input.setRequiresGradient(!pass.isFused());
            inputs.put(name, input);
            return input;
        }

        /** The case's attention mask; null where there is none. */
        AttentionMask mask() {
            return file.inputs().containsKey("mask")
                    ? AttentionMask.of(array(scope, file.input("mask", Dtype.BOOL)))
                    : null;
        }

        /** The loss of a module: {@code (y * input.w).sum()}. */
        NDArray weighed(NDArray y) {
            return pass.leaf(y).mul(array(scope, file.input("w", Dtype.F32))).sum(); // ()
        }

        /** The loss of a module with switch layers: their load-balancing loss, an output of its own, is added. */
        NDArray balanced(NDArray y, List<Routing> routing) {
            NDArray aux = LoadBalancingLoss.of(scope, routing); // ()
            output("aux", aux);
            return weighed(y).add(aux); // ()
        }

        void output(String name, NDArray value) {
            output(name, tensor(value));
        }

        void output(String name, Tensor value) {
            results.put("output." + name, value);
        }
    }

    /** A training pass without jitter; the capacity of training and evaluation is the same in a case. */
    Pass pass(NDManager scope, StepWeights weights, DropPolicy dropPolicy) {
        Pass pass = form.of(Pass.training(scope, weights, dropPolicy, layer -> {
            throw new IllegalStateException("cases have no router jitter");
        }));
        return place.routesOnDevice() ? pass.routedOnDevice() : pass;
    }

    static NDArray array(NDManager manager, Tensor tensor) {
        Shape shape = new Shape(tensor.shape());
        return switch (tensor.dtype()) {
            case F32 -> manager.create(tensor.floats(), shape);
            case I64 -> manager.create(tensor.longs(), shape);
            case BOOL -> manager.create(tensor.booleans(), shape);
            default -> throw new GoldenException("a tensor of a case is " + tensor + ", none of F32, I64 and BOOL");
        };
    }

    static Tensor tensor(NDArray array) {
        if (array.getDataType() != DataType.FLOAT32) {
            throw new GoldenException(
                    "the model gives " + array.getDataType() + " " + array.getShape() + ", not float32");
        }
        return Tensor.of(array.toFloatArray(), array.getShape().getShape());
    }

    @Override
    public void close() {
        block.clear();
        manager.close();
    }
}
