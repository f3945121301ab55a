package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.Positions;
import java.util.ArrayList;
import java.util.List;

/**
 * A model's weights in the order of {@link dev.switchlab.nn.kernel.DecoderScript}, found by their state_dict names.
 * They share the memory of the model's, but for query, key and value, which are put together into one product.
 */
final class DecoderWeights {

    private static final List<String> NETWORK = List.of("layer1", "layer2", "linear_v");

    private final NDManager manager;
    private final ModelConfig config;
    private final NDArray none;

    /** What is made here lives as long as {@code manager}. */
    DecoderWeights(NDManager manager, ModelConfig config) {
        this.manager = manager;
        this.config = config;
        none = manager.create(new Shape(0));
    }

    /** Embedding, final norm, generator, tables of positions for {@code seqLen} tokens, table of bigrams. */
    List<NDArray> model(AutoregressiveModel network, int seqLen) {
        List<NDArray> all = new ArrayList<>();
        all.add(get(child(network, "src_embed"), "weight")); // (V, D)
        linear(all, child(child(network, "transformer"), "norm"), "");
        linear(all, child(network, "generator"), "");
        if (config.positions() == Positions.LEARNED) {
            all.addAll(List.of(get(child(network, "pos_embed"), "weight"), none)); // (S, D)
        } else if (config.positions() == Positions.ROTARY) {
            int width = config.dModel() / config.heads();
            Rotary.Tables tables = Rotary.tables(manager, seqLen, width);
            Shape shape = new Shape(seqLen, width / 2);
            all.addAll(List.of(tables.cos().reshape(shape), tables.sin().reshape(shape))); // (S, W / 2)
        } else {
            all.addAll(List.of(none, none));
        }
        if (config.bigram()) {
            all.add(get(child(network, "bigram"), "weight")); // (V, V)
        }
        return all;
    }

    /** All layers, each with its part of the cache. */
    List<NDArray> layers(AutoregressiveModel network, KeyValueCache cache) {
        List<NDArray> all = new ArrayList<>();
        List<LabBlock> layers = List.copyOf(
                child(child(network, "transformer"), "layers").namedChildren().values());
        for (int i = 0; i < layers.size(); i++) {
            LabBlock layer = layers.get(i);
            linear(all, child(layer, "norm_self_attn"), "");
            attention(all, child(layer, "attn"));
            linear(all, child(layer, "norm_ff"), "");
            LabBlock feedForward = child(layer, "feed_forward");
            if (config.isSparse(i)) {
                dense(all, feedForward.namedChildren().get("shared"));
                linear(all, child(feedForward, "switch"), "");
                Parameter bias = feedForward.getDirectParameters().get("selection_bias");
                all.add(bias == null ? none : alias(bias)); // (E)
                experts(all, child(feedForward, "experts"));
            } else {
                dense(all, feedForward);
                all.addAll(List.of(none, none, none, none, none, none, none, none, none));
            }
            all.add(cache.layer(i)); // (2, 1, H, S, W)
            for (String name : List.of("q_norm", "k_norm")) {
                all.add(config.qkNorm() ? get(child(child(layer, "attn"), name), "weight") : none); // (W)
            }
        }
        return all;
    }

    private void attention(List<NDArray> all, LabBlock attention) {
        List<NDArray> parts = new ArrayList<>();
        for (String name : List.of("query", "key", "value")) {
            linear(parts, child(child(attention, name), "linear"), "");
        }
        all.add(NDArrays.concat(new NDList(parts.get(0), parts.get(2), parts.get(4)), 0)); // (3 * D, D)
        all.add(NDArrays.concat(new NDList(parts.get(1), parts.get(3), parts.get(5)), 0)); // (3 * D)
        linear(all, child(attention, "output"), "");
    }

    private void dense(List<NDArray> all, LabBlock network) {
        for (String name : NETWORK) {
            LabBlock layer = network == null ? null : network.namedChildren().get(name);
            if (layer == null) {
                all.addAll(List.of(none, none));
            } else {
                linear(all, layer, "");
            }
        }
    }

    private void experts(List<NDArray> all, LabBlock experts) {
        for (String name : NETWORK) {
            if (experts.getDirectParameters().contains(name + ".weight")) {
                linear(all, experts, name + ".");
            } else {
                all.addAll(List.of(none, none));
            }
        }
    }

    /** Weight and bias, zeros where there is none: (out, in) and (out), or both with E in front. */
    private void linear(List<NDArray> all, LabBlock block, String prefix) {
        NDArray weight = get(block, prefix + "weight");
        Parameter bias = block.getDirectParameters().get(prefix + "bias");
        Shape shape = weight.getShape();
        all.add(weight);
        all.add(bias == null ? manager.zeros(shape.slice(0, shape.dimension() - 1)) : alias(bias));
    }

    private NDArray get(LabBlock block, String name) {
        return alias(block.getDirectParameters().get(name));
    }

    private NDArray alias(Parameter parameter) {
        NDArray alias = parameter.getArray().stopGradient();
        alias.attach(manager);
        return alias;
    }

    private static LabBlock child(LabBlock block, String name) {
        return block.namedChildren().get(name);
    }
}
