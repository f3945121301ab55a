package dev.switchlab.golden;

import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.Activation;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.RouterScope;
import dev.switchlab.experiment.RouterScore;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What the config of a case of kind {@code moe} says, as settings of this model.
 *
 * @param settings those of the layer, without its form of dispatch
 * @param selectionBias whether a bias moves the choice of experts
 * @param selectionBiasRate how far that bias moves after the step
 * @param balances whether the load-balancing loss is part of the loss
 * @param zLoss whether the router z-loss is
 */
record MoeConfig(
        List<String> settings, boolean selectionBias, double selectionBiasRate, boolean balances, boolean zLoss) {

    /** The losses that keep the load even. */
    private enum Balance {
        NONE,
        SWITCH
    }

    static MoeConfig of(CaseFile file) {
        CaseConfig config = file.config();
        Architecture.checkSize(file, "d_model", "switch.weight", 1);
        Architecture.checkSize(file, "n_experts", "switch.weight", 0);
        Architecture.checkSize(file, "d_ff", "experts.0.layer1.weight", 0);
        checkShared(file);
        RouterScope scope = config.choice("score_over", RouterScope.class);
        // The gates of the chosen sum to one already: nothing is left to normalise.
        boolean normalizes = config.flag("normalize") && scope != RouterScope.CHOSEN;
        List<String> settings = List.of(
                "train.batch_size=1000 train.seq_len=1000", // so large that any capacity passes
                "model.n_layers=1 model.heads=1 model.feed_forward=switch model.is_scale_prob=true",
                "model.drop_order=position model.dropped_tokens=zero",
                "model.d_model=" + config.size("d_model"),
                "model.d_ff=" + config.size("d_ff"),
                "model.n_experts=" + config.size("n_experts"),
                "model.top_k=" + config.size("top_k"),
                "model.shared_experts=" + config.integer("shared_experts"),
                "model.router_score=" + Architecture.name(config.choice("score", RouterScore.class)),
                "model.router_scope=" + Architecture.name(scope),
                "model.normalize_gates=" + normalizes,
                "model.gate_scale=" + config.number("scale"),
                "model.router_bias=" + config.flag("router_bias"),
                "model.drop_tokens=" + config.flag("drop_tokens"),
                "model.capacity_factor=" + capacityFactor(file, tokens(file)),
                "model.activation=" + Architecture.name(config.choice("activation", Activation.class)),
                "model.gated=" + config.flag("gated"),
                "model.feed_forward_bias=" + config.flag("expert_bias"));
        boolean selectionBias = config.flag("selection_bias");
        MoeConfig moe = new MoeConfig(
                settings,
                selectionBias,
                selectionBias ? config.number("selection_bias_rate") : 0,
                config.choice("load_balance", Balance.class) == Balance.SWITCH,
                config.flag("z_loss"));
        moe.model(DispatchForm.BATCHED);
        return moe;
    }

    /** Before the width is multiplied out, and memory taken for it. */
    private static void checkShared(CaseFile file) {
        Tensor weight = file.params().get("shared.layer1.weight");
        long width =
                (long) file.config().integer("shared_experts") * file.config().size("d_ff");
        if (weight != null && weight.shape()[0] != width) {
            throw new GoldenException("config shared_experts is "
                    + file.config().integer("shared_experts") + ", but param.shared.layer1.weight is " + weight);
        }
        if (weight == null && width > 0) {
            throw new GoldenException("the case has no param.shared.layer1.weight");
        }
    }

    private static int tokens(CaseFile file) {
        Tensor x = file.input("x", Dtype.F32);
        if (x.shape().length != 2
                || x.shape()[0] < 1
                || x.shape()[1] != file.config().size("d_model")) {
            throw new GoldenException("input.x is " + x + ", not (tokens, d_model)");
        }
        return Math.toIntExact(x.shape()[0]);
    }

    /** A case has a capacity in pairs, an experiment a factor: one that gives that capacity, whatever its rounding. */
    private static double capacityFactor(CaseFile file, int tokens) {
        CaseConfig config = file.config();
        if (!config.flag("drop_tokens")) {
            return 1;
        }
        int capacity = config.integer("capacity");
        if (capacity < 0) {
            throw new GoldenException("config capacity is " + capacity + ", not at least 0");
        }
        return (capacity + 0.5) * config.size("n_experts") / ((double) config.size("top_k") * tokens);
    }

    /** The layer, with one form of dispatch. */
    ModelConfig model(DispatchForm dispatch) {
        List<String> all = new ArrayList<>(settings);
        all.add("model.dispatch=" + Architecture.name(dispatch));
        return Architecture.resolve(all);
    }
}
