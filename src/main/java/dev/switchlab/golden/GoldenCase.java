package dev.switchlab.golden;

import dev.switchlab.nn.FeedForwardConfig;
import dev.switchlab.safetensors.Dtype;

/** A case of one kind, its configuration read and held against the shapes of its weights. */
sealed interface GoldenCase {

    /** The file it came from. */
    CaseFile file();

    /** How far each tensor may be off. */
    default Tolerances tolerances() {
        return Tolerances.of(file().noise());
    }

    /** Whether tokens are dispatched to experts, so that every form of dispatch has to pass. */
    default boolean dispatches() {
        return true;
    }

    /** A feed-forward network. */
    record FeedForwardCase(CaseFile file, FeedForwardConfig network) implements GoldenCase {
        @Override
        public boolean dispatches() {
            return false;
        }
    }

    /**
     * Multi-head attention.
     *
     * @param heads number of heads
     * @param dModel features
     * @param bias whether query and key have biases
     */
    record AttentionCase(CaseFile file, int heads, int dModel, boolean bias) implements GoldenCase {
        @Override
        public boolean dispatches() {
            return false;
        }
    }

    /** A switch feed-forward layer. */
    record SwitchCase(CaseFile file, Architecture architecture) implements GoldenCase {}

    /** A transformer layer. */
    record LayerCase(CaseFile file, Architecture architecture) implements GoldenCase {}

    /** A transformer. */
    record TransformerCase(CaseFile file, Architecture architecture) implements GoldenCase {}

    /**
     * The language model with its training loss.
     *
     * @param nVocab vocabulary
     * @param maxSeqLen positions of a learned encoding
     * @param loadBalancing coefficient of the load-balancing loss
     */
    record ModelCase(CaseFile file, Architecture architecture, int nVocab, int maxSeqLen, double loadBalancing)
            implements GoldenCase {
        @Override
        public boolean dispatches() {
            return architecture.switched();
        }
    }

    /** Steps of an optimizer on given gradients. */
    record OptimizerCase(CaseFile file, Optimization optimization) implements GoldenCase {
        @Override
        public boolean dispatches() {
            return false;
        }
    }

    /** Steps of training. */
    record TrajectoryCase(ModelCase model, Optimization optimization) implements GoldenCase {
        @Override
        public CaseFile file() {
            return model.file();
        }

        @Override
        public Tolerances tolerances() {
            return Tolerances.ofTrajectory(file().noise(), optimization.sumOfLearningRates());
        }

        @Override
        public boolean dispatches() {
            return model.dispatches();
        }
    }

    /**
     * The case that {@code file} holds.
     *
     * @throws GoldenException if its kind is unknown or its configuration makes no sense
     */
    static GoldenCase of(CaseFile file) {
        CaseConfig config = file.config();
        return switch (file.kind()) {
            case "feed_forward" -> {
                file.onlyInputs("x", "w");
                yield new FeedForwardCase(file, Architecture.feedForward(file));
            }
            case "mha" -> {
                file.onlyInputs("x", "kv", "w", "mask");
                int dModel = config.size("d_model");
                Architecture.checkSize(file, "d_model", "query.linear.weight", 1);
                yield new AttentionCase(file, config.size("heads"), dModel, config.flag("bias"));
            }
            case "switch_ff" -> {
                file.onlyInputs("x", "w");
                yield new SwitchCase(file, Architecture.ofSwitch(file));
            }
            case "layer" -> {
                file.onlyInputs("x", "w", "mask");
                yield new LayerCase(file, Architecture.of(file, ""));
            }
            case "transformer" -> {
                file.onlyInputs("x", "w", "mask");
                yield new TransformerCase(file, Architecture.of(file, "layers."));
            }
            case "autoregressive_model" -> {
                file.onlyInputs("tokens", "target");
                yield model(file, file.input("tokens", Dtype.I64).shape().length, 2);
            }
            case "optimizer" -> {
                file.onlyInputs("grad_p", "grad_q");
                yield new OptimizerCase(file, Optimization.of(config));
            }
            case "trajectory" -> {
                file.onlyInputs("tokens", "target");
                ModelCase model = model(file, file.input("tokens", Dtype.I64).shape().length, 3);
                yield new TrajectoryCase(model, Optimization.of(config));
            }
            default ->
                throw new GoldenException(
                        "unknown kind '" + file.kind() + "'; known are feed_forward, mha, switch_ff, layer, "
                                + "transformer, autoregressive_model, optimizer and trajectory");
        };
    }

    private static ModelCase model(CaseFile file, int rank, int wantedRank) {
        if (rank != wantedRank) {
            throw new GoldenException("input.tokens has " + rank + " dimensions, not " + wantedRank);
        }
        CaseConfig config = file.config();
        Architecture.checkSize(file, "n_vocab", "src_embed.weight", 0);
        int maxSeqLen = config.integer("max_seq_len", config.size("seq_len"));
        if (file.params().containsKey("pos_embed.weight")) {
            Architecture.checkSize(file, "max_seq_len", "pos_embed.weight", 0);
        }
        return new ModelCase(
                file,
                Architecture.of(file, "transformer.layers."),
                config.size("n_vocab"),
                maxSeqLen,
                config.number("load_balancing_coef"));
    }
}
