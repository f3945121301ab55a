package dev.switchlab.golden;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.google.common.primitives.Floats;
import com.google.common.primitives.Longs;
import dev.switchlab.nn.AttentionMask;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.ForwardContext;
import dev.switchlab.nn.Initialization;
import dev.switchlab.nn.LabBlock;
import dev.switchlab.nn.LoadBalancingLoss;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingPlan;
import dev.switchlab.nn.StateDict;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A block with a case's weights, and forward and backward passes through it. Owns all native memory. */
final class Harness<B extends LabBlock> implements AutoCloseable {

    private final B block;
    private final CaseFile file;
    private final StateDict stateDict;
    private final NDManager manager;
    private final Implementation implementation;
    private final Set<String> usedPermutations = new HashSet<>();

    /** Loads the case's weights strictly: names and shapes must be the block's. */
    Harness(B block, CaseFile file, Implementation implementation) {
        this.block = block;
        this.file = file;
        this.implementation = implementation;
        stateDict = StateDict.of(block);
        manager = NDManager.newBaseManager(implementation.device());
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
        /** Adds outputs, and returns the loss to differentiate. */
        NDArray loss(Run run);
    }

    /** One forward and backward pass: the outputs that the body adds, the loss, and all gradients. */
    Map<String, Tensor> run(DropPolicy dropPolicy, Body body) {
        try (NDManager scope = manager.newSubManager()) {
            StepWeights weights = new StepWeights(scope, block, true);
            Run run = new Run(file, scope, pass(scope, weights, dropPolicy), new LinkedHashMap<>(), new TreeMap<>());
            backward(run.pass, () -> {
                NDArray loss = body.loss(run);
                run.output("loss", loss);
                return loss;
            });
            stateDict
                    .trainable()
                    .values(weights::gradient)
                    .forEach((name, gradient) ->
                            run.results.put("grad." + name, Tensor.of(gradient.values(), gradient.shape())));
            run.inputs.forEach((name, input) -> run.results.put("grad.input." + name, tensor(input.getGradient())));
            checkPermutationsUsed();
            return run.results;
        }
    }

    /** A training pass without jitter; the capacity of training and evaluation is the same in a case. */
    ForwardContext pass(NDManager scope, StepWeights weights, DropPolicy dropPolicy) {
        ForwardContext pass = implementation.apply(ForwardContext.training(scope, weights, dropPolicy, layer -> {
            throw new IllegalStateException("cases have no router jitter");
        }));
        return pass.over(implementation.part());
    }

    /** Computes a loss and its gradients. */
    @SuppressWarnings("try") // the collector only turns gradients on
    static void backward(ForwardContext pass, Supplier<NDArray> forward) {
        try (GradientCollector gradientsOn = Engine.getInstance().newGradientCollector()) {
            pass.backward(forward.get());
        }
    }

    /** Drops the tokens that the reference dropped, by the permutations that it drew. */
    DropPolicy permuted(String prefix, boolean isLayered) {
        return (layer, expert, tokens) -> permuted(prefix + (isLayered ? layer + "." : "") + expert, tokens);
    }

    private int[] permuted(String key, int[] tokens) {
        int[] permutation = file.permutations().get(key);
        if (permutation == null || permutation.length != tokens.length) {
            throw new GoldenException(
                    "expert " + key + " has " + tokens.length + " tokens, more than its capacity, but the case has "
                            + (permutation == null ? "no input.perm." + key : "a permutation of " + permutation.length)
                            + ": routes or capacity differ");
        }
        usedPermutations.add(key);
        return Arrays.stream(permutation).map(i -> tokens[i]).toArray();
    }

    /** Fails if the reference dropped tokens where this model did not. */
    void checkPermutationsUsed() {
        for (String key : file.permutations().keySet()) {
            if (!usedPermutations.contains(key)) {
                throw new GoldenException("the case has input.perm." + key
                        + ", but that expert is not over its capacity here: routes or capacity differ");
            }
        }
    }

    /**
     * One forward and backward pass.
     *
     * @param scope owns the tensors of the pass
     * @param inputs the inputs whose gradients are wanted
     * @param results outputs and gradients by full name
     */
    record Run(
            CaseFile file,
            NDManager scope,
            ForwardContext pass,
            Map<String, NDArray> inputs,
            Map<String, Tensor> results) {

        /** An input whose gradient is wanted. */
        NDArray input(String name) {
            NDArray input = array(scope, file.input(name, Dtype.F32));
            input.setRequiresGradient(true);
            inputs.put(name, input);
            return input;
        }

        /** The case's attention mask; null where there is none. */
        AttentionMask mask() {
            return file.inputs().containsKey("mask")
                    ? AttentionMask.of(array(scope, file.input("mask", Dtype.BOOL)))
                    : null;
        }

        void output(String name, NDArray value) {
            output(name, tensor(value));
        }

        void output(String name, Tensor value) {
            results.put("output." + name, value);
        }

        /** The loss of a module: {@code (y * input.w).sum()}. */
        NDArray weighed(NDArray y) {
            return y.mul(array(scope, file.input("w", Dtype.F32))).sum(); // ()
        }

        /** The loss of a module with switch layers: their load-balancing loss, an output of its own, is added. */
        NDArray balanced(NDArray y, List<Routing> routing) {
            NDArray aux = LoadBalancingLoss.of(scope, routing); // ()
            output("aux", aux);
            return weighed(y).add(aux); // ()
        }

        /** Routing of one layer: {@code counts} (E), {@code routes} (N) ... and {@code dropped}. */
        void routing(Routing routing) {
            statistics(List.of(routing));
            output("dropped", dropped(routing.plan()));
        }

        /** Routing by layer: {@code counts} (L, E), {@code routes} (L, N) ... and {@code dropped.<layer>}. */
        void routing(List<Routing> layers) {
            statistics(layers, layers.size());
            for (int layer = 0; layer < layers.size(); layer++) {
                output("dropped." + layer, dropped(layers.get(layer).plan()));
            }
        }

        private void statistics(List<Routing> layers, long... stack) {
            RoutingPlan first = layers.get(0).plan();
            long[] perExpert = Longs.concat(stack, new long[] {first.experts()});
            long[] perToken = Longs.concat(stack, new long[] {first.tokens()});
            output("counts", counts(layers, perExpert));
            output(
                    "route_prob_sum",
                    floats(layers.stream().map(r -> r.scoreSum().toFloatArray()), perExpert));
            output("route_prob_max", floats(layers.stream().map(r -> r.chosen().toFloatArray()), perToken));
            long[] routes = layers.stream()
                    .flatMapToLong(r -> IntStream.range(0, r.plan().tokens()).mapToLong(r.plan()::route))
                    .toArray();
            output("routes", Tensor.of(routes, perToken));
            long[] dropped =
                    layers.stream().mapToLong(r -> r.plan().droppedCount()).toArray();
            output("n_dropped", Tensor.of(dropped, stack));
            output("capacity", Tensor.of(new long[] {first.capacity()}));
        }

        private static Tensor dropped(RoutingPlan plan) {
            long[] dropped = Arrays.stream(plan.dropped()).asLongStream().toArray();
            return Tensor.of(dropped, dropped.length);
        }
    }

    /** Tokens per expert before dropping, as floats like the reference's. */
    static Tensor counts(List<Routing> layers, long... shape) {
        return floats(layers.stream().map(Routing::plan).map(Harness::counts), shape);
    }

    private static float[] counts(RoutingPlan plan) {
        float[] counts = new float[plan.experts()];
        for (int expert = 0; expert < counts.length; expert++) {
            counts[expert] = plan.count(expert);
        }
        return counts;
    }

    /** Rows one after the other. */
    static Tensor floats(Stream<float[]> rows, long... shape) {
        return Tensor.of(Floats.concat(rows.toArray(float[][]::new)), shape);
    }

    static NDArray array(NDManager manager, Tensor tensor) {
        Shape shape = new Shape(tensor.shape());
        return switch (tensor.dtype()) {
            case F32 -> manager.create(tensor.floats(), shape);
            case I64 -> manager.create(tensor.longs(), shape);
            case BOOL -> manager.create(tensor.booleans(), shape);
            default -> throw new GoldenException("a tensor of a case is " + tensor + "; allowed: F32, I64, BOOL");
        };
    }

    static Tensor tensor(NDArray array) {
        if (array.getDataType() != DataType.FLOAT32) {
            throw new GoldenException(
                    "the model gives " + array.getDataType() + " " + array.getShape() + "; allowed: float32");
        }
        return Tensor.of(array.toFloatArray(), array.getShape().getShape());
    }

    @Override
    public void close() {
        block.clear();
        manager.close();
    }
}
