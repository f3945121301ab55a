package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Optional;

/**
 * {@code layer2(dropout(f(layer1(x))))}, or with a gate {@code layer2(dropout(f(layer1(x)) * linear_v(x)))} (reference:
 * {@code labml_nn.transformers.feed_forward.FeedForward}).
 */
public final class FeedForward extends LabBlock implements FeedForwardBlock {

    private final FeedForwardConfig config;
    private final LinearLayer layer1;
    private final LinearLayer layer2;
    private final LinearLayer gate;
    private final Networks networks;

    /** A network as {@code config} says. */
    public FeedForward(FeedForwardConfig config) {
        this.config = config;
        layer1 = child("layer1", new LinearLayer(config.dModel(), config.dFf(), config.bias1()));
        layer2 = child("layer2", new LinearLayer(config.dFf(), config.dModel(), config.bias2()));
        gate = config.gated()
                ? child("linear_v", new LinearLayer(config.dModel(), config.dFf(), config.biasGate()))
                : null;
        networks = new Networks(
                config,
                layer1.weight(),
                layer1.bias(),
                layer2.weight(),
                layer2.bias(),
                gate == null ? null : gate.weight(),
                gate == null ? null : gate.bias());
    }

    /** (..., D) to (..., D). */
    public NDArray apply(Pass pass, NDArray x) {
        if (!pass.isFused()) {
            return plain(pass, x);
        }
        return Networks.isFused(pass, config)
                ? networks.fused(pass, x)
                : pass.plain(x, leaf -> plain(pass.plain(), leaf));
    }

    private NDArray plain(Pass pass, NDArray x) {
        NDArray hidden = Activations.apply(config.activation(), layer1.forward(pass, x)); // (..., F)
        if (gate != null) {
            hidden = hidden.mul(gate.forward(pass, x)); // (..., F)
        }
        return layer2.forward(pass, Activations.dropout(pass, hidden, config.dropout())); // (..., D)
    }

    @Override
    public Output forward(Pass pass, NDArray x) {
        return new Output(apply(pass, x), Optional.empty());
    }

    @Override
    NDList forwardList(Pass pass, NDList inputs) {
        return new NDList(apply(pass, inputs.head()));
    }
}
