package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import dev.switchlab.world.World;

/**
 * E feed-forward networks of one shape, their weights stacked: layer1.weight (E, F, D), layer1.bias (E, F),
 * layer2.weight (E, D, F), layer2.bias (E, D), and linear_v like layer1 for gated networks.
 */
public final class Experts extends LabBlock {

    private final FeedForwardConfig config;
    private final ExpertPart part;
    private final Stacked layer1;
    private final Stacked layer2;
    private final Stacked gate;

    /** {@code nExperts} networks as {@code config} says. */
    public Experts(int nExperts, FeedForwardConfig config) {
        this(ExpertPart.of(World.ofOne(), nExperts), config);
    }

    /** Those of a layer's experts that this process has. */
    Experts(ExpertPart part, FeedForwardConfig config) {
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
    ExpertPart part() {
        return part;
    }

    /** Their fused form. */
    Networks networks() {
        return new Networks(
                config,
                layer1.weight,
                layer1.bias,
                layer2.weight,
                layer2.bias,
                gate == null ? null : gate.weight,
                gate == null ? null : gate.bias);
    }

    /** All experts at once, slot by slot: (C, E, D) to (C, E, D). */
    NDArray forward(Pass pass, NDArray x) {
        NDArray hidden = Activations.apply(config.activation(), layer1.all(pass, x)); // (C, E, F)
        if (gate != null) {
            hidden = hidden.mul(gate.all(pass, x)); // (C, E, F)
        }
        return layer2.all(pass, Activations.dropoutOfRows(pass, hidden, config.dropout())); // (C, E, D)
    }

    /** One expert: (n, D) to (n, D). */
    NDArray forwardOne(Pass pass, int expert, NDArray x) {
        NDArray hidden = Activations.apply(config.activation(), layer1.one(pass, expert, x)); // (n, F)
        if (gate != null) {
            hidden = hidden.mul(gate.one(pass, expert, x)); // (n, F)
        }
        return layer2.one(pass, expert, Activations.dropoutOfRows(pass, hidden, config.dropout())); // (n, D)
    }

    @Override
    NDList forwardList(Pass pass, NDList inputs) {
        return new NDList(forward(pass, inputs.head()));
    }

    /** One linear layer of every expert. */
    private final class Stacked {

        private final Parameter weight;
        private final Parameter bias;

        Stacked(String name, int nExperts, int in, int out, boolean withBias) {
            weight = parameter(name + ".weight", new Shape(nExperts, out, in), uniform(in));
            bias = withBias ? parameter(name + ".bias", new Shape(nExperts, out), uniform(in)) : null;
        }

        /** (C, E, in) to (C, E, out). */
        NDArray all(Pass pass, NDArray x) {
            return perExpert(x, value(pass, weight), bias == null ? null : value(pass, bias)); // (C, E, out)
        }

        private static NDArray perExpert(NDArray x, NDArray weight, NDArray bias) {
            NDArray y = x.transpose(1, 0, 2).batchMatMul(weight.transpose(0, 2, 1)); // (E, C, out)
            NDArray biased = bias == null ? y : y.add(bias.expandDims(1)); // (E, C, out)
            return biased.transpose(1, 0, 2); // (C, E, out)
        }

        /** (n, in) to (n, out). */
        NDArray one(Pass pass, int expert, NDArray x) {
            NDArray b = bias == null ? null : value(pass, bias).get(expert); // (out)
            return Linear.linear(x, value(pass, weight).get(expert), b).singletonOrThrow(); // (n, out)
        }
    }
}
