package dev.switchlab.train;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.experiment.TrainConfig;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The memory that training takes at least, known before a weight is made: weights, gradients and optimizer state, and
 * what enters each layer, which the backward pass needs. Vectors (biases, norms) do not count, nor do activations
 * inside layers.
 *
 * @param vocabulary size
 * @param ranks processes on this machine that share the training
 * @param sharded whether each expert is on one rank only
 */
public record MemoryEstimate(Experiment experiment, int vocabulary, int ranks, boolean sharded) {

    private static final int FLOAT = 4;

    /** Sizes by setting, and the defaults that tell which of them is out of proportion. */
    private static final Map<String, Double> DEFAULTS = new LinkedHashMap<>();

    static {
        DEFAULTS.put("model.n_experts", 4.0);
        DEFAULTS.put("model.d_ff", 256.0);
        DEFAULTS.put("model.d_model", 128.0);
        DEFAULTS.put("model.n_layers", 4.0);
        DEFAULTS.put("model.top_k", 1.0);
        DEFAULTS.put("model.shared_experts", 0.0);
        DEFAULTS.put("train.batch_size", 32.0);
        DEFAULTS.put("train.seq_len", 64.0);
    }

    /**
     * Refuses an experiment that cannot fit.
     *
     * @param available bytes; empty if unknown
     * @throws TrainingException in one line that names the setting to change, and a value that fits
     */
    public void require(OptionalLong available) {
        Map<String, Double> sizes = sizes();
        double bytes = bytes(sizes);
        if (available.isEmpty() || bytes <= available.getAsLong()) {
            return;
        }
        // The setting that is furthest above its default, in bytes.
        String key = DEFAULTS.keySet().stream()
                .min(Comparator.comparingDouble(
                        name -> bytes(with(name, Math.min(DEFAULTS.get(name), sizes.get(name))))))
                .orElseThrow();
        double fits = Math.scalb(1.0, Math.getExponent(sizes.get(key)));
        while (fits >= 1 && bytes(with(key, fits)) > available.getAsLong() / 2.0) { // room for the rest
            fits /= 2;
        }
        throw new TrainingException(String.format(
                Locale.ROOT,
                "%s is %.0f: weights, gradients, optimizer state and a batch take %,.1f GB at least, but %,.1f GB of"
                        + " memory are available%s",
                key,
                sizes.get(key),
                bytes / 1e9,
                available.getAsLong() / 1e9,
                fits >= 1
                        ? String.format(Locale.ROOT, "; example that fits: %s=%.0f", key, fits)
                        : "; make several settings smaller, or take a text of fewer than " + vocabulary
                                + " characters"));
    }

    private Map<String, Double> with(String key, double value) {
        Map<String, Double> changed = sizes();
        changed.put(key, value);
        return changed;
    }

    private Map<String, Double> sizes() {
        Map<String, Double> sizes = new LinkedHashMap<>();
        Map<String, String> params = experiment.toParams();
        DEFAULTS.keySet().forEach(key -> sizes.put(key, Double.valueOf(params.get(key))));
        return sizes;
    }

    double bytes() {
        return bytes(sizes());
    }

    private double bytes(Map<String, Double> sizes) {
        double d = sizes.get("model.d_model");
        double layers = sizes.get("model.n_layers");
        double tokens = sizes.get("train.batch_size") * sizes.get("train.seq_len");
        double experts = experts(sizes);
        double all = ranks * (weights(sizes) - experts) + (sharded ? 1 : ranks) * experts;
        return FLOAT * (copies() * all + layers * tokens * d);
    }

    /** Numbers that the matrices of a whole model have. */
    double weights() {
        return weights(sizes());
    }

    private double weights(Map<String, Double> sizes) {
        ModelConfig model = experiment.model();
        double d = sizes.get("model.d_model");
        double layers = sizes.get("model.n_layers");
        double sparse = sparse(layers);
        double tables = (2 + (model.bigram() ? vocabulary / d : 0)) * vocabulary * d
                + (model.positions() == Positions.LEARNED ? sizes.get("train.seq_len") * d : 0);
        double dense = sizes.get("model.top_k") + sizes.get("model.shared_experts");
        return tables
                + layers * 4 * d * d
                + sparse * (sizes.get("model.n_experts") * d + sizes.get("model.shared_experts") * network(sizes))
                + (layers - sparse) * dense * network(sizes)
                + experts(sizes);
    }

    private double experts(Map<String, Double> sizes) {
        return sparse(sizes.get("model.n_layers")) * sizes.get("model.n_experts") * network(sizes);
    }

    private double sparse(double layers) {
        ModelConfig model = experiment.model();
        return model.feedForward() == FeedForwardKind.SWITCH ? Math.floor(layers / model.moeEvery()) : 0;
    }

    private double network(Map<String, Double> sizes) {
        return (experiment.model().gated() ? 3 : 2) * sizes.get("model.d_model") * sizes.get("model.d_ff");
    }

    /** Weights, gradients, moments, and the average of the weights. */
    private int copies() {
        TrainConfig train = experiment.train();
        int moments = switch (train.optimizer()) {
            case MUON -> 1;
            case NOAM, ADAM, ADAMW -> 2;
            case AMSGRAD -> 3;
        };
        return 2 + moments + (train.ema() > 0 ? 1 : 0);
    }
}
