package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.nn.kernel.Script;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * {@code layer2(dropout(f(layer1(x))))}, or with a gate {@code layer2(dropout(f(layer1(x)) * linear_v(x)))} (reference:
 * {@code labml_nn.transformers.feed_forward.FeedForward}).
 */
public final class FeedForward extends LabBlock implements FeedForwardBlock {

    private static final Script SCRIPT = Script.of("linear", "feed_forward");

    private final FeedForwardConfig config;
    private final LinearLayer layer1;
    private final LinearLayer layer2;
    private final LinearLayer gate;

    /** A network as {@code config} says. */
    public FeedForward(FeedForwardConfig config) {
        this.config = config;
        layer1 = child("layer1", new LinearLayer(config.dModel(), config.dFf(), config.bias1()));
        layer2 = child("layer2", new LinearLayer(config.dFf(), config.dModel(), config.bias2()));
        gate = config.gated()
                ? child("linear_v", new LinearLayer(config.dModel(), config.dFf(), config.biasGate()))
                : null;
    }

    /** (..., D) to (..., D). */
    public NDArray apply(ForwardContext pass, NDArray x) {
        if (!pass.hasKernels()) {
            return plain(pass, x);
        }
        NDArray rows = x.reshape(-1, config.dModel()); // (R, D)
        List<List<NDArray>> network = network(pass);
        NDArray y = pass.run(
                SCRIPT,
                "feed_forward",
                rows,
                network.get(0),
                network.get(1),
                network.get(2),
                network.get(3),
                Activations.factors(pass, new Shape(rows.getShape().get(0), config.dFf()), config.dropout()),
                config.activation().name().toLowerCase(Locale.ROOT),
                pass.kernels().dense().code()); // (R, D)
        return y.reshape(x.getShape());
    }

    /** Matrices, b_1, b_2, b_v. */
    List<List<NDArray>> network(ForwardContext pass) {
        return List.of(
                values(pass, layer1.weight(), layer2.weight(), gate == null ? null : gate.weight()),
                values(pass, layer1.bias()),
                values(pass, layer2.bias()),
                values(pass, gate == null ? null : gate.bias()));
    }

    @Override
    public List<List<NDArray>> tensors(ForwardContext pass) {
        List<List<NDArray>> tensors = new ArrayList<>(network(pass));
        tensors.addAll(Collections.nCopies(6, List.of()));
        return tensors;
    }

    private NDArray plain(ForwardContext pass, NDArray x) {
        NDArray hidden = Activations.apply(config.activation(), layer1.forward(pass, x)); // (..., F)
        if (gate != null) {
            hidden = hidden.mul(gate.forward(pass, x)); // (..., F)
        }
        return layer2.forward(pass, Activations.dropout(pass, hidden, config.dropout())); // (..., D)
    }

    @Override
    public Output forward(ForwardContext pass, NDArray x) {
        return new Output(apply(pass, x), Optional.empty());
    }

    @Override
    NDList forwardList(ForwardContext pass, NDList inputs) {
        return new NDList(apply(pass, inputs.head()));
    }
}
