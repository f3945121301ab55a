package dev.switchlab.experiment;

/**
 * The architecture. Sizes are counts of features, heads, layers or experts.
 *
 * @param dModel width of the residual stream
 * @param heads attention heads; divides {@code dModel}
 * @param dFf hidden width of one expert (or of the dense feed-forward network)
 * @param nLayers transformer layers
 * @param feedForward sparse (switch) or dense
 * @param nExperts experts a layer
 * @param capacityFactor expert capacity in training, relative to an even load (paper section 2.2)
 * @param evalCapacityFactor the same at evaluation
 * @param minCapacity least expert capacity in training, in tokens
 * @param evalMinCapacity the same at evaluation
 * @param dropTokens whether an expert drops the tokens over its capacity
 * @param dropOrder which tokens of an over-full expert are dropped
 * @param droppedTokens what the switch layer outputs for a dropped token
 * @param isScaleProb whether the expert output is multiplied by the router probability
 * @param routerBias whether the router has a bias
 * @param routerJitter router input noise in training: a factor from U(1 - j, 1 + j) (paper section 2.4)
 * @param dispatch how tokens reach their experts; numerically equivalent forms
 * @param activation activation of the feed-forward networks
 * @param gated whether the feed-forward networks are gated (GLU variants)
 * @param feedForwardBias whether the feed-forward networks have biases
 * @param attentionBias whether query and key projections have biases (value and output always have)
 * @param dropout dropout probability, at the reference's places
 * @param positions positional encoding
 * @param init weight initialisation
 * @param initScale scale of {@link Init#TRUNCATED_NORMAL} (paper section 2.4: 0.1)
 * @param replicas whether layers and experts start as identical copies
 */
public record ModelConfig(
        int dModel,
        int heads,
        int dFf,
        int nLayers,
        FeedForwardKind feedForward,
        int nExperts,
        double capacityFactor,
        double evalCapacityFactor,
        int minCapacity,
        int evalMinCapacity,
        boolean dropTokens,
        DropOrder dropOrder,
        DroppedTokens droppedTokens,
        boolean isScaleProb,
        boolean routerBias,
        double routerJitter,
        DispatchForm dispatch,
        Activation activation,
        boolean gated,
        boolean feedForwardBias,
        boolean attentionBias,
        double dropout,
        Positions positions,
        Init init,
        double initScale,
        Replicas replicas) {

    /** Sparse or dense feed-forward networks. */
    public enum FeedForwardKind {
        /** A router and {@code n_experts} feed-forward networks. */
        SWITCH,
        /** One feed-forward network: the baseline with the same FLOPs per token. */
        DENSE
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
        /** The layer's normalised input, scaled like an expert output (reference). */
        PASS_THROUGH
    }

    /** How tokens reach their experts. */
    public enum DispatchForm {
        /** Gather into (E, C, D), batched products over stacked expert weights, gather back. */
        BATCHED,
        /** A loop over experts: the oracle that other forms are tested against. */
        LOOP
    }

    /** Activation of a feed-forward network. */
    public enum Activation {
        RELU,
        GELU,
        SIGMOID,
        SILU
    }

    /** Positional encoding. */
    public enum Positions {
        /** None; only the causal mask tells positions apart (reference). */
        NONE,
        /** A learned vector a position, added to the embedding. */
        LEARNED,
        /** Rotary embedding of queries and keys (arXiv 2104.09864). */
        ROTARY
    }

    /** Weight initialisation of linear layers. */
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
