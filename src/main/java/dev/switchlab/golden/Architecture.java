package dev.switchlab.golden;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.Activation;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.ModelConfig.DropOrder;
import dev.switchlab.experiment.ModelConfig.DroppedTokens;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.nn.FeedForwardConfig;
import dev.switchlab.safetensors.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The architecture of a case. Its config speaks for flags; sizes must be those of the stored weights, so that a wrong
 * config cannot make the checker build something huge, and biases are there when the weights have them. Dropout is off
 * whatever the config says: a case can be repeated, so it was off when the case was captured.
 *
 * @param file the case
 * @param layerPrefix what stands before a layer's number in parameter names; empty for a case of one layer
 * @param layers number of layers
 */
record Architecture(CaseFile file, String layerPrefix, int layers) {

    /** A transformer's layers, or one layer if {@code layerPrefix} is empty. */
    static Architecture of(CaseFile file, String layerPrefix) {
        int layers = 1;
        if (!layerPrefix.isEmpty()) {
            layers = file.config().size("n_layers");
            Set<String> stored = file.params().keySet().stream()
                    .filter(name -> name.startsWith(layerPrefix))
                    .map(name -> name.substring(layerPrefix.length()).split("\\.", 2)[0])
                    .collect(Collectors.toSet());
            if (stored.size() != layers) {
                throw new GoldenException(
                        "config n_layers is " + layers + ", but the weights have " + stored.size() + " layers");
            }
        }
        Architecture architecture = new Architecture(file, layerPrefix, layers);
        checkSize(file, "d_model", architecture.first() + "norm_ff.weight", 0);
        architecture.check(architecture.first() + "feed_forward.");
        return architecture;
    }

    /** A switch layer by itself. */
    static Architecture ofSwitch(CaseFile file) {
        Architecture architecture = new Architecture(file, "", 1);
        checkSize(file, "d_model", "switch.weight", 1);
        architecture.check("");
        return architecture;
    }

    /** A feed-forward network by itself; its config names the variant, as in {@code gated_silu_nobias}. */
    static FeedForwardConfig feedForward(CaseFile file) {
        CaseConfig config = file.config();
        checkSize(file, "d_model", "layer1.weight", 1);
        checkSize(file, "d_ff", "layer1.weight", 0);
        String variant = config.text("variant");
        List<String> parts = List.of(variant.split("_"));
        Activation activation = Activation.RELU;
        for (String part : parts) {
            switch (part) {
                case "relu", "gelu", "sigmoid", "silu" ->
                    activation = Activation.valueOf(part.toUpperCase(Locale.ROOT));
                case "gated", "nobias", "nobias1", "nobias2", "nobiasgate" -> {}
                default ->
                    throw new GoldenException("config variant is '" + variant + "': '" + part
                            + "' is none of relu, gelu, sigmoid, silu, gated and nobias");
            }
        }
        return new FeedForwardConfig(
                config.size("d_model"),
                config.size("d_ff"),
                activation,
                parts.contains("gated"),
                file.params().containsKey("layer1.bias"),
                file.params().containsKey("layer2.bias"),
                file.params().containsKey("linear_v.bias"),
                0);
    }

    /** Fails unless a size in the config is that of a weight's axis. */
    static void checkSize(CaseFile file, String key, String param, int axis) {
        Tensor tensor = file.params().get(param);
        if (tensor == null) {
            throw new GoldenException("the case has no param." + param);
        }
        int size = file.config().size(key);
        if (tensor.shape().length <= axis || tensor.shape()[axis] != size) {
            throw new GoldenException("config " + key + " is " + size + ", but param." + param + " is " + tensor);
        }
    }

    /** Whether the layers have experts. */
    boolean switched() {
        return file.config().choice("feed_forward", FeedForwardKind.SWITCH) == FeedForwardKind.SWITCH;
    }

    /** Whether dropping replays stored permutations, as opposed to going by position. */
    boolean shuffles() {
        return file.config().choice("drop_order", DropOrder.RANDOM) == DropOrder.RANDOM;
    }

    private String first() {
        return layerPrefix.isEmpty() ? "" : layerPrefix + "0.";
    }

    private void check(String network) {
        if (switched()) {
            checkSize(file, "n_experts", network + "switch.weight", 0);
            checkSize(file, "d_ff", network + "experts.0.layer1.weight", 0);
        } else {
            checkSize(file, "d_ff", network + "layer1.weight", 0);
        }
        model(DispatchForm.BATCHED);
    }

    private boolean stored(String suffix) {
        return file.params().keySet().stream().anyMatch(name -> name.endsWith(suffix));
    }

    /** The model, with one form of dispatch. */
    ModelConfig model(DispatchForm dispatch) {
        CaseConfig config = file.config();
        double capacityFactor = config.number("capacity_factor", 1);
        int minCapacity = config.integer("min_capacity", 0);
        List<String> settings = new ArrayList<>(List.of(
                "train.batch_size=1000 train.seq_len=1000", // so large that any capacity factor passes
                "model.d_model=" + config.size("d_model"),
                "model.heads=" + config.integer("heads", 1),
                "model.d_ff=" + config.size("d_ff"),
                "model.n_layers=" + layers,
                "model.capacity_factor=" + capacityFactor,
                "model.eval_capacity_factor=" + capacityFactor,
                "model.min_capacity=" + minCapacity,
                "model.eval_min_capacity=" + minCapacity,
                "model.drop_order=" + (shuffles() ? "random" : "position"),
                "model.dropped_tokens=" + name(config.choice("dropped_tokens", DroppedTokens.PASS_THROUGH)),
                "model.router_bias=" + stored("switch.bias"),
                "model.dispatch=" + name(dispatch),
                "model.activation=" + name(config.choice("activation", Activation.RELU)),
                "model.gated=" + config.flag("gated", stored("linear_v.weight")),
                "model.feed_forward_bias=" + stored("layer1.bias"),
                "model.attention_bias=" + stored("query.linear.bias"),
                "model.positions=" + name(config.choice("positions", Positions.NONE))));
        if (switched()) {
            settings.add("model.n_experts=" + config.size("n_experts"));
            settings.add("model.drop_tokens=" + config.flag("drop_tokens"));
            settings.add("model.is_scale_prob=" + config.flag("is_scale_prob"));
        } else {
            settings.add("model.feed_forward=dense model.n_experts=1");
        }
        return resolve(settings);
    }

    /** The model of the reference with {@code settings} in place of its own. */
    static ModelConfig resolve(List<String> settings) {
        try {
            return Experiment.of(Semantics.REFERENCE, settings.toArray(String[]::new))
                    .model();
        } catch (ExperimentException e) {
            throw new GoldenException("config: " + e.getMessage().replaceFirst("^override \\S+: ", ""), e);
        }
    }

    /** As in an experiment file. */
    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
