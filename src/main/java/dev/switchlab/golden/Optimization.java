package dev.switchlab.golden;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.TrainConfig.UpdateRule;
import dev.switchlab.train.Adam;
import dev.switchlab.train.AdamConfig;
import dev.switchlab.train.LearningRate;
import dev.switchlab.train.Muon;
import dev.switchlab.train.MuonConfig;
import dev.switchlab.train.Optimizer;
import java.util.List;
import java.util.Optional;

/**
 * How a case moves its weights.
 *
 * @param adam the update, or where Muon moves the matrices, that of the other weights
 * @param muon where it does
 * @param learningRate base learning rate
 * @param noam whether the Noam schedule applies; otherwise the learning rate is constant
 * @param warmup its warm-up
 * @param dModel enters it too
 * @param gradClip largest gradient norm
 * @param steps number of steps
 */
record Optimization(
        AdamConfig adam,
        Optional<MuonConfig> muon,
        double learningRate,
        boolean noam,
        int warmup,
        int dModel,
        double gradClip,
        int steps) {

    static Optimization of(CaseConfig config) {
        String name = config.text("optimizer");
        boolean noam = name.equals("Noam");
        AdamConfig adam = adam(config, name);
        return new Optimization(
                adam,
                name.equals("Muon")
                        ? Optional.of(new MuonConfig(config.number("muon_lr"), config.number("momentum"), adam))
                        : Optional.empty(),
                config.number("lr"),
                noam,
                noam ? config.size("warmup") : 0,
                noam ? config.size("d_model") : 0,
                config.number("grad_clip"),
                config.size("steps"));
    }

    private static AdamConfig adam(CaseConfig config, String name) {
        return switch (name) {
            case "Adam", "Noam" -> adam(config, decay(config), config.flag("amsgrad", false));
            case "AMSGrad" -> adam(config, decay(config), config.flag("amsgrad", true));
            case "torch.Adam" -> torch(config, AdamConfig.Decay.L2);
            case "torch.AdamW", "Muon" -> torch(config, AdamConfig.Decay.DECOUPLED);
            default ->
                throw new GoldenException("config optimizer is '" + name
                        + "'; known are Adam, AMSGrad, Noam, torch.Adam, torch.AdamW and Muon");
        };
    }

    private static AdamConfig adam(CaseConfig config, AdamConfig.Decay decay, boolean amsgrad) {
        UpdateRule update = config.flag("optimized_update", true) ? UpdateRule.REFERENCE : UpdateRule.TORCH;
        return of(config, decay, amsgrad, update);
    }

    private static AdamConfig torch(CaseConfig config, AdamConfig.Decay decay) {
        return of(config, decay, config.flag("amsgrad", false), UpdateRule.TORCH);
    }

    private static AdamConfig of(CaseConfig config, AdamConfig.Decay decay, boolean amsgrad, UpdateRule update) {
        return new AdamConfig(
                config.element("betas", 0),
                config.element("betas", 1),
                config.number("eps"),
                config.number("weight_decay", 0),
                decay,
                amsgrad,
                update);
    }

    /**
     * The reference's WeightDecay: joins the gradient, or shrinks by the base learning rate times decay, or by decay
     * alone.
     */
    private static AdamConfig.Decay decay(CaseConfig config) {
        if (!config.flag("weight_decouple", true)) {
            return AdamConfig.Decay.L2;
        }
        return config.flag("absolute", false) ? AdamConfig.Decay.ABSOLUTE : AdamConfig.Decay.DECOUPLED_BASE_RATE;
    }

    /**
     * The optimizer, before its first step.
     *
     * @param weights updated in place; those with more than one axis are matrices or stacks of them
     */
    Optimizer optimizer(List<NDArray> weights, NDManager owner) {
        return muon.<Optimizer>map(config ->
                        new Muon(config, weights, i -> weights.get(i).getShape().dimension() > 1, owner))
                .orElseGet(() -> new Adam(adam, weights, owner));
    }

    /** The learning rate of {@code step}, from 1. */
    double learningRateAt(int step) {
        return noam ? LearningRate.noam(learningRate, warmup, dModel, step) : learningRate;
    }

    /** About the furthest that Adam can move a weight. */
    double sumOfLearningRates() {
        double sum = 0;
        for (int step = 1; step <= steps; step++) {
            sum += learningRateAt(step);
        }
        return sum;
    }
}
