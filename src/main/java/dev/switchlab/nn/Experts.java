package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.nn.kernel.Script;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * E feed-forward networks of one shape, their weights stacked: layer1.weight (E, F, D), layer1.bias (E, F),
 * layer2.weight (E, D, F), layer2.bias (E, D), and linear_v like layer1 for gated networks. The list form takes rows
 * (E, n, D), n for each network, and returns (E, n, D).
 */
public final class Experts extends LabBlock {

    private static final Script SCRIPT = Script.of("linear", "experts");

    private final FeedForwardConfig config;
    private final ExpertShard part;
    private final Stacked layer1;
    private final Stacked layer2;
    private final Stacked gate;

    /** {@code nExperts} networks as {@code config} says. */
    public Experts(int nExperts, FeedForwardConfig config) {
        this(ExpertShard.of(ProcessGroup.single(), nExperts), config);
    }

    /** Those of a layer's experts that this process has. */
    Experts(ExpertShard part, FeedForwardConfig config) {
        int nExperts = part.count();
        this.config = config;
        this.part = part;
        layer1 = new Stacked("layer1", nExperts, config.dModel(), config.dFf(), config.bias1());
        layer2 = new Stacked("layer2", nExperts, config.dFf(), config.dModel(), config.bias2());
        gate = config.gated()
                ? new Stacked("linear_v", nExperts, config.dModel(), config.dFf(), config.biasGate())
                : null;
    }

    /** Which of the layer's experts they are. */
    ExpertShard shard() {
        return part;
    }

    /** One expert by plain operators: (n, D) to (n, D). */
    NDArray forwardOne(ForwardContext pass, int expert, NDArray x) {
        NDArray hidden = Activations.apply(config.activation(), layer1.one(pass, expert, x)); // (n, F)
        if (gate != null) {
            hidden = hidden.mul(gate.one(pass, expert, x)); // (n, F)
        }
        return layer2.one(pass, expert, Activations.dropoutOfRows(pass, hidden, config.dropout())); // (n, D)
    }

    /**
     * All experts in one call: x (R, D), of which expert e takes the rows from {@code offsets[e]} to {@code offsets[e +
     * 1]}. Gradients of the weights go to the pass.
     */
    Graph.Function grouped(ForwardContext pass, long[] offsets) {
        return new Grouped(pass, offsets);
    }

    /** Matrices, b_1, b_2, b_v, each with E in front. */
    List<List<NDArray>> network(ForwardContext pass) {
        return network(parameter -> value(pass, parameter));
    }

    private List<List<NDArray>> network(Function<Parameter, NDArray> value) {
        return Stream.of(
                        Arrays.asList(layer1.weight, layer2.weight, gate == null ? null : gate.weight),
                        Arrays.asList(layer1.bias),
                        Arrays.asList(layer2.bias),
                        Arrays.asList(gate == null ? null : gate.bias))
                .map(own -> own.stream().filter(Objects::nonNull).map(value).toList())
                .toList();
    }

    private final class Grouped implements Graph.Function {

        private final ForwardContext pass;
        private final long[] offsets;
        private final long kernel;
        private final String activation = config.activation().name().toLowerCase(Locale.ROOT);
        /** The weights themselves: the graph does not see them. */
        private final List<List<NDArray>> network = network(Parameter::getArray);

        private List<NDArray> dropped = List.of();
        private List<NDArray> saved = List.of();

        Grouped(ForwardContext pass, long[] offsets) {
            this.pass = pass;
            this.offsets = offsets;
            kernel = pass.kernels().experts().code();
        }

        @Override
        public NDArray forward(NDArray x) {
            dropped = Activations.factorsOfRows(pass, new Shape(x.getShape().get(0), config.dFf()), config.dropout());
            Object[] arguments = {
                x, network.get(0), network.get(1), network.get(2), network.get(3), dropped, offsets, activation, kernel
            };
            NDArray[] results = pass.training()
                    ? SCRIPT.differentiables(pass.manager(), "experts", arguments)
                    : SCRIPT.tensors(pass.manager(), "experts", arguments);
            saved = List.of(results).subList(1, results.length);
            if (!pass.training()) {
                close(saved);
            }
            return results[0]; // (R, D)
        }

        @Override
        public NDArray backward(NDArray dy) {
            NDArray[] gradients = SCRIPT.differentiables(
                    pass.manager(),
                    "experts_backward",
                    dy,
                    saved,
                    network.get(0),
                    dropped,
                    offsets,
                    activation,
                    kernel);
            close(saved);
            close(dropped);
            Parameter[] parameters = {
                layer1.weight,
                layer1.bias,
                layer2.weight,
                layer2.bias,
                gate == null ? null : gate.weight,
                gate == null ? null : gate.bias
            };
            for (int i = 1; i < gradients.length; i++) {
                if (parameters[i - 1] != null) {
                    pass.add(parameters[i - 1], gradients[i]);
                }
            }
            return gradients[0]; // (R, D)
        }

        private static void close(List<NDArray> arrays) {
            arrays.forEach(NDArray::close);
        }
    }

    @Override
    NDList forwardList(ForwardContext pass, NDList inputs) {
        NDArray x = inputs.head();
        if (x.getShape().dimension() != 3 || x.getShape().get(0) != part.count()) {
            throw new IllegalArgumentException(
                    "experts take (" + part.count() + ", rows, features), got " + x.getShape());
        }
        NDList outputs = new NDList();
        for (int expert = 0; expert < part.count(); expert++) {
            outputs.add(forwardOne(pass, expert, x.get(expert)).expandDims(0)); // (1, n, D)
        }
        return new NDList(outputs.size() == 1 ? outputs.head() : NDArrays.concat(outputs, 0)); // (E, n, D)
    }

    /** One linear layer of every expert. */
    private final class Stacked {

        private final Parameter weight;
        private final Parameter bias;

        Stacked(String name, int nExperts, int in, int out, boolean withBias) {
            weight = parameter(name + ".weight", new Shape(nExperts, out, in), uniform(in));
            bias = withBias ? parameter(name + ".bias", new Shape(nExperts, out), uniform(in)) : null;
        }

        /** (n, in) to (n, out). */
        NDArray one(ForwardContext pass, int expert, NDArray x) {
            NDArray b = bias == null ? null : value(pass, bias).get(expert); // (out)
            return Linear.linear(x, value(pass, weight).get(expert), b).singletonOrThrow(); // (n, out)
        }
    }
}
