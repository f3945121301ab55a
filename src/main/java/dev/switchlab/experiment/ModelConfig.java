package dev.switchlab.experiment;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The architecture. Sizes are counts of features, heads, layers or experts.
 *
 * <p>Impossible values throw {@link ExperimentException}. A dense feed-forward network is one network, so
 * {@code nExperts} must be 1 and {@code sharedExperts} 0; the other expert settings are kept but have no effect.
 *
 * @param dModel width of the residual stream
 * @param heads attention heads; divides {@code dModel}, into an even width with rotary positions
 * @param dFf hidden width of one expert (or of the dense feed-forward network). Many small experts instead of few large
 *     ones, chosen by more choices per token (fine-grained experts: DeepSeekMoE, arXiv 2401.06066), are a smaller dFf
 *     with larger nExperts and topK
 * @param nLayers transformer layers
 * @param feedForward sparse (switch) or dense
 * @param moeEvery every so manieth layer is sparse, the last of each group, and those between are dense (GShard, arXiv
 *     2006.16668; Switch Transformer: 2). A dense layer is as wide as what a token meets in a sparse one: dFf * (topK +
 *     sharedExperts)
 * @param nExperts experts per sparse layer
 * @param topK choices per token: experts that it goes to (Shazeer et al., arXiv 1701.06538; Switch Transformer: 1)
 * @param sharedExperts experts beside those that every token goes to without a gate, as one network of so many times
 *     dFf (DeepSeekMoE)
 * @param capacityFactor expert capacity in training, relative to an even load of topK * tokens / nExperts (paper
 *     section 2.2)
 * @param evalCapacityFactor the same at evaluation
 * @param minCapacity least expert capacity in training, in (token, choice) pairs per batch
 * @param evalMinCapacity the same at evaluation
 * @param capacityScope whose tokens share capacity and balance where several ranks share a batch
 * @param dropTokens whether an expert drops the tokens over its capacity
 * @param dropOrder which tokens of an over-full expert are dropped
 * @param droppedTokens what the switch layer outputs for a dropped token
 * @param router what chooses a token's experts
 * @param routerScore what makes a score of a router's logit
 * @param routerScope which logits a softmax is over
 * @param normalizeGates whether the gates of a token are divided by their sum + 1e-20 (DeepSeek-V3; torchtitan:
 *     route_norm)
 * @param gateScale factor on the gates, after that (DeepSeek-V3: 2.5; torchtitan: route_scale)
 * @param isScaleProb whether the expert output is multiplied by its gate; if not, the gate's value is one but it
 *     carries its gradient
 * @param routerBias whether the router has a bias
 * @param exploration how the router tries other experts in training
 * @param routerJitter strength of {@link Exploration#JITTER} (paper section 2.4); 0 for none
 * @param routerInputDropout dropout probability of {@link Exploration#INPUT_DROPOUT}
 * @param dispatch how tokens reach their experts, and whether layers are computed by fused primitives or plain
 *     operators; the same up to rounding
 * @param activation activation of the feed-forward networks
 * @param gated whether the feed-forward networks are gated (GLU variants)
 * @param feedForwardBias whether the feed-forward networks have biases
 * @param attentionBias whether query and key projections have biases (value and output always have)
 * @param norm normalization before attention, before feed-forward networks and at the end
 * @param qkNorm whether queries and keys are normalized: each head's by its root mean square, times a learned factor
 *     per feature of a head, the same in all heads, before rotary positions (Qwen3, arXiv 2505.09388; Gemma 3, arXiv
 *     2503.19786; first, with layer norms, arXiv 2302.05442)
 * @param dropout dropout probability, at the reference's places
 * @param expertDropout dropout probability inside experts (paper section 2.4, table 4: 0.4 where it is 0.1 elsewhere)
 * @param positions positional encoding
 * @param bigram whether a table (V, V), zero at first, adds to a position's logits the row of its own token: what
 *     follows a character whatever was before it need not go through the layers
 * @param init weight initialization
 * @param initScale scale of {@link Init#TRUNCATED_NORMAL} (paper section 2.4: 0.1)
 * @param replicas whether layers and experts start as identical copies
 */
public record ModelConfig(
        @Setting(value = "128", in = "[1, inf)") int dModel,
        @Setting(value = "4", in = "[1, inf)") int heads,
        @Setting(value = "256", in = "[1, inf)") int dFf,

        @Setting(value = "4", reference = "6", in = "[1, inf)")
        int nLayers,

        @Setting("switch") FeedForwardKind feedForward,
        @Setting("1") int moeEvery,
        @Setting(value = "4", in = "[1, inf)") int nExperts,
        @Setting("1") int topK,

        @Setting(value = "0", in = "[0, inf)", example = "1")
        int sharedExperts,

        @Setting(value = "1.25", reference = "1.2", in = "(0, inf)")
        double capacityFactor,

        @Setting(value = "2.0", reference = "=model.capacity_factor", in = "(0, inf)")
        double evalCapacityFactor,

        @Setting(value = "4", reference = "0", in = "[0, inf)")
        int minCapacity,

        @Setting(value = "4", reference = "0", in = "[0, inf)")
        int evalMinCapacity,

        @Setting(older = "global") CapacityScope capacityScope,
        @Setting("true") boolean dropTokens,
        @Setting(value = "position", reference = "random") DropOrder dropOrder,
        @Setting(value = "zero", reference = "pass_through") DroppedTokens droppedTokens,
        @Setting(older = "learned") RouterKind router,
        @Setting("softmax") RouterScore routerScore,
        @Setting("all") RouterScope routerScope,
        @Setting("false") boolean normalizeGates,
        @Setting(value = "1.0", in = "(0, inf)") double gateScale,
        @Setting("true") boolean isScaleProb,
        @Setting(value = "false", reference = "true") boolean routerBias,
        @Setting("jitter") Exploration exploration,

        @Setting(value = "0.01", reference = "0.0", in = "[0, 1)")
        double routerJitter,

        @Setting(value = "0.1", in = "[0, 1)") double routerInputDropout,
        @Setting("fused") DispatchForm dispatch,
        @Setting("relu") Activation activation,
        @Setting("false") boolean gated,
        @Setting("true") boolean feedForwardBias,
        @Setting("true") boolean attentionBias,
        @Setting(older = "layer") Norm norm,
        @Setting(older = "false") boolean qkNorm,

        @Setting(value = "0.0", in = "[0, 1)", example = "0.1")
        double dropout,

        @Setting(value = "=model.dropout", in = "[0, 1)", example = "0.4")
        double expertDropout,

        @Setting(value = "rotary", reference = "none") Positions positions,
        @Setting(older = "false") boolean bigram,

        @Setting(value = "truncated_normal", reference = "torch")
        Init init,

        @Setting(value = "0.1", in = "(0, inf)") double initScale,

        @Setting(value = "independent", reference = "identical")
        Replicas replicas) {

    /** Checks settings against each other. */
    public ModelConfig {
        requireHeads(dModel, heads, positions);
        boolean dense = feedForward == FeedForwardKind.DENSE;
        requireUpTo("model.moe_every", moeEvery, nLayers, "model.n_layers");
        Settings.require(
                !dense || nExperts == 1, "model.n_experts", nExperts, "only 1 with model.feed_forward=dense", 1);
        requireUpTo("model.top_k", topK, nExperts, "model.n_experts");
        Settings.require(
                !dense || sharedExperts == 0,
                "model.shared_experts",
                sharedExperts,
                "only 0 with model.feed_forward=dense",
                0);
        requireRouter(router, topK, routerScore, routerScope);
        boolean chosen = routerScope == RouterScope.CHOSEN;
        Settings.require(
                !chosen || routerScore == RouterScore.SOFTMAX,
                "model.router_scope",
                "chosen",
                "only all with model.router_score=sigmoid, where each score is for itself",
                "all");
        Settings.require(
                !chosen || !normalizeGates,
                "model.normalize_gates",
                normalizeGates,
                "only false with model.router_scope=chosen, whose gates sum to one already",
                false);
        Settings.require(
                isScaleProb || topK == 1,
                "model.is_scale_prob",
                isScaleProb,
                "only true with model.top_k=" + topK + ": choices are weighed by their gates",
                true);
        Settings.require(
                isScaleProb || (!normalizeGates && gateScale == 1),
                "model.is_scale_prob",
                isScaleProb,
                "only true with model.normalize_gates=true or a model.gate_scale other than 1",
                true);
    }

    /** A router without weights has one choice, and no scores to make gates of. */
    private static void requireRouter(RouterKind router, int topK, RouterScore score, RouterScope scope) {
        if (router == null || router.hasWeights()) {
            return;
        }
        String only = " with model.router=" + Settings.name(router);
        Settings.require(topK == 1, "model.top_k", topK, "only 1" + only, 1);
        Settings.require(
                score == RouterScore.SOFTMAX, "model.router_score", "sigmoid", "only softmax" + only, "softmax");
        Settings.require(scope == RouterScope.ALL, "model.router_scope", "chosen", "only all" + only, "all");
    }

    /** Throws with the numbers of heads that fit, of which the example is the nearest. */
    private static void requireHeads(int dModel, int heads, Positions positions) {
        boolean rotary = positions == Positions.ROTARY;
        List<Integer> fitting = IntStream.rangeClosed(1, dModel)
                .filter(h -> dModel % h == 0 && (!rotary || dModel / h % 2 == 0))
                .boxed()
                .toList();
        Settings.require(
                !fitting.isEmpty(), "model.d_model", dModel, "even numbers with model.positions=rotary", dModel + 1);
        String allowed = rotary
                ? "divisors of model.d_model=%d with an even quotient (rotary positions): %s"
                : "divisors of model.d_model=%d: %s";
        Settings.require(
                fitting.contains(heads),
                "model.heads",
                heads,
                allowed.formatted(dModel, fitting.stream().map(String::valueOf).collect(Collectors.joining(", "))),
                Collections.min(fitting, Comparator.comparingInt(h -> Math.abs(h - heads))));
    }

    /** @param mostKey the setting that {@code most} is the value of */
    private static void requireUpTo(String key, int value, int most, String mostKey) {
        Settings.require(
                value >= 1 && value <= most, key, value, "whole numbers from 1 to %s=%d".formatted(mostKey, most), 1);
    }

    /** Whether a layer has experts. */
    public boolean isSparse(int layer) {
        return feedForward == FeedForwardKind.SWITCH && (layer + 1) % moeEvery == 0;
    }

    /**
     * How many (token, choice) pairs an expert takes of a batch (paper section 2.2; reference:
     * {@code int(capacity_factor * len(x) / n_experts)}; with several choices per token ST-MoE, arXiv 2202.08906), in
     * double precision as the reference, but at least the minimum capacity.
     *
     * @param tokens tokens in the batch, over all sequences
     * @param training whether the training or the evaluation settings count
     */
    public int capacity(int tokens, boolean training) {
        double factor = training ? capacityFactor : evalCapacityFactor;
        int minimum = training ? minCapacity : evalMinCapacity;
        int pairs = Math.multiplyExact(topK, tokens);
        return Math.max(minimum, (int) (factor * pairs / nExperts));
    }

    /** Sparse or dense feed-forward networks. */
    public enum FeedForwardKind {
        /** A router and {@code n_experts} feed-forward networks. */
        SWITCH,
        /** One feed-forward network: the baseline with the same FLOPs per token. */
        DENSE
    }

    /** What chooses a token's experts. */
    public enum RouterKind {
        /** A linear layer that is trained with the model (paper). */
        LEARNED,
        /**
         * Nothing that is learned: a fixed expert for each token of the vocabulary, another one in each layer (Hash
         * Layers, arXiv 2106.04426). Each gate is one.
         */
        HASH,
        /** A linear layer that is trained for {@code train.router_steps} steps and left alone from then on. */
        FROZEN,
        /**
         * Nothing that is learned: in training an expert drawn for each token at each step, at evaluation a fixed
         * expert for each position, another one in each layer. Each gate is one.
         */
        RANDOM;

        /** Whether there is a linear layer. */
        public boolean hasWeights() {
            return this == LEARNED || this == FROZEN;
        }
    }

    /** Which tokens of an over-full expert lose. */
    public enum DropOrder {
        /** First come, first served by position (paper). */
        POSITION,
        /** Shuffled, the rest dropped (reference). */
        RANDOM
    }

    /** The switch layer's output for a dropped token. */
    public enum DroppedTokens {
        /** Zero: the residual connection alone carries the token (paper). */
        ZERO,
        /** The layer's normalized input, scaled like an expert output (reference). */
        PASS_THROUGH,
        /**
         * What its next best expert with room says, if there is one, and zero if there is none (No-Token-Left-Behind,
         * paper appendix B).
         */
        NEXT_CHOICE
    }

    /** How tokens reach their experts. */
    public enum DispatchForm {
        /** By kernels, all experts in one call on slices of rows sorted by expert: the fastest. */
        FUSED,
        /** By plain operators, with a loop over experts: the oracle that kernels are tested against. */
        LOOP
    }

    /** Activation of a feed-forward network. */
    public enum Activation {
        RELU,
        GELU,
        SIGMOID,
        SILU,
        /** {@code max(0, x)^2} (Primer, arXiv 2109.08668). */
        RELU2
    }

    /** Normalization of the residual stream, with a learned factor per feature. */
    public enum Norm {
        /** {@code (x - mean(x)) / sqrt(var(x) + eps) * weight + bias} (arXiv 1607.06450; reference). */
        LAYER,
        /** {@code x / sqrt(mean(x^2) + eps) * weight} (arXiv 1910.07467). */
        RMS
    }

    /** Positional encoding. */
    public enum Positions {
        /** None; only the causal mask tells positions apart (reference). */
        NONE,
        /** A learned vector per position, added to the embedding. */
        LEARNED,
        /** Rotary embedding of queries and keys (arXiv 2104.09864). */
        ROTARY
    }

    /** Weight initialization of linear layers. */
    public enum Init {
        /** torch's default: weight and bias from U(-1/sqrt(fan_in), 1/sqrt(fan_in)). */
        TORCH,
        /** Truncated normal with variance {@code init_scale / fan_in}, cut at two deviations; zero bias (paper). */
        TRUNCATED_NORMAL
    }

    /** Whether layers and experts start equal. */
    public enum Replicas {
        /** Deep copies of the first (reference). */
        IDENTICAL,
        /** Drawn independently. */
        INDEPENDENT
    }
}
