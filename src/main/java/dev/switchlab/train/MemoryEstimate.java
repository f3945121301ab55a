package dev.switchlab.train;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.experiment.ModelConfig.Positions;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.ToDoubleFunction;

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

    /** The settings that decide sizes, with usual values that tell which of them is out of proportion. */
    private static final Map<String, Integer> USUAL = new LinkedHashMap<>();

    static {
        USUAL.put("model.n_experts", 4);
        USUAL.put("model.d_ff", 256);
        USUAL.put("model.d_model", 128);
        USUAL.put("model.n_layers", 4);
        USUAL.put("model.top_k", 1);
        USUAL.put("model.shared_experts", 0);
        USUAL.put("train.batch_size", 32);
        USUAL.put("train.seq_len", 64);
    }

    /**
     * Refuses an experiment that cannot fit.
     *
     * @param available bytes; empty if unknown
     * @throws TrainingException in one line that names the setting to change, and a value that fits
     */
    public void require(OptionalLong available) {
        double bytes = bytes("", 0);
        if (available.isEmpty() || bytes <= available.getAsLong()) {
            return;
        }
        // The setting without whose excess the least would be left.
        String key = USUAL.keySet().stream()
                .min(Comparator.comparingDouble(name -> bytes(name, Math.min(USUAL.get(name), size(name)))))
                .orElseThrow();
        double fits = Math.scalb(1.0, Math.getExponent(size(key))); // a power of two
        while (fits >= 1 && bytes(key, fits) > available.getAsLong() / 2.0) { // room for the rest
            fits /= 2;
        }
        throw new TrainingException(String.format(
                Locale.ROOT,
                "%s is %.0f: weights, gradients, optimizer state and a batch take %,.1f GB at least, but %,.1f GB of"
                        + " memory are available; %s",
                key,
                size(key),
                bytes / 1e9,
                available.getAsLong() / 1e9,
                fits >= 1
                        ? String.format(Locale.ROOT, "example that fits: %s=%.0f", key, fits)
                        : "make several settings smaller, or take a text of fewer than " + vocabulary + " characters"));
    }

    private double size(String setting) {
        return Double.parseDouble(experiment.toParams().get(setting));
    }

    /** With one setting changed; an empty name for none. */
    double bytes(String changed, double value) {
        ToDoubleFunction<String> size = setting -> setting.equals(changed) ? value : size(setting);
        double experts = experts(size);
        double state = ranks * (others(size) + (sharded ? 0 : experts)) + (sharded ? experts : 0);
        double layers = size.applyAsDouble("model.n_layers") * size.applyAsDouble("model.d_model");
        double tokens = size.applyAsDouble("train.batch_size") * size.applyAsDouble("train.seq_len");
        return FLOAT * (copies() * state + layers * tokens);
    }

    /** Elements of all matrices of a model. */
    double weights() {
        return others(this::size) + experts(this::size);
    }

    private double experts(ToDoubleFunction<String> size) {
        return sparse(size) * size.applyAsDouble("model.n_experts") * network(size);
    }

    private double others(ToDoubleFunction<String> size) {
        ModelConfig model = experiment.model();
        double d = size.applyAsDouble("model.d_model");
        double shared = size.applyAsDouble("model.shared_experts");
        double layers = size.applyAsDouble("model.n_layers");
        double learned = model.positions() == Positions.LEARNED ? size.applyAsDouble("train.seq_len") : 0;
        int router = model.router().hasWeights() ? 1 : 0;
        double bigram = model.bigram() ? (double) vocabulary * vocabulary : 0;
        return (2.0 * vocabulary + learned) * d
                + bigram
                + layers * 4 * d * d
                + sparse(size) * (router * size.applyAsDouble("model.n_experts") * d + shared * network(size))
                + (layers - sparse(size)) * (size.applyAsDouble("model.top_k") + shared) * network(size);
    }

    private double sparse(ToDoubleFunction<String> size) {
        ModelConfig model = experiment.model();
        boolean isSwitch = model.feedForward() == FeedForwardKind.SWITCH;
        return isSwitch ? Math.floor(size.applyAsDouble("model.n_layers") / model.moeEvery()) : 0;
    }

    private double network(ToDoubleFunction<String> size) {
        int matrices = experiment.model().gated() ? 3 : 2;
        return matrices * size.applyAsDouble("model.d_model") * size.applyAsDouble("model.d_ff");
    }

    /** Weights, gradients, moments, and the average of the weights. */
    private int copies() {
        int moments = switch (experiment.train().optimizer()) {
            case MUON -> 1;
            case NOAM, ADAM, ADAMW -> 2;
            case AMSGRAD -> 3;
        };
        return 2 + moments + (experiment.train().ema() > 0 ? 1 : 0);
    }
}
