package dev.switchlab.experiment;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The architecture. Sizes are counts of features, heads, layers or experts.
 *
 * <p>Impossible values throw {@link ExperimentException}. A dense feed-forward network is one network, so {@code nExperts} must be
 * 1; the other expert settings are kept but have no effect.
 *
 * @param dModel width of the residual stream
 * @param heads attention heads; divides {@code dModel}, into an even width with rotary positions
 * @param dFf hidden width of one expert (or of the dense feed-forward network)
 * @param nLayers transformer layers
 * @param feedForward sparse (switch) or dense
 * @param nExperts experts a layer
 * @param capacityFactor expert capacity in training, relative to an even load (paper section 2.2)
 * @param evalCapacityFactor the same at evaluation
 * @param minCapacity least expert capacity in training, in tokens a batch
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

    /** Checks every setting by itself and against the others of the model. */
    public ModelConfig {
        Check.atLeast("model.d_model", dModel, 1, 128);
        Check.atLeast("model.heads", heads, 1, 4);
        Check.given("model.positions", positions, Positions.ROTARY);
        checkHeads(dModel, heads, positions);
        Check.atLeast("model.d_ff", dFf, 1, 256);
        Check.atLeast("model.n_layers", nLayers, 1, 6);
        Check.given("model.feed_forward", feedForward, FeedForwardKind.SWITCH);
        Check.atLeast("model.n_experts", nExperts, 1, 4);
        Check.that(
                feedForward == FeedForwardKind.SWITCH || nExperts == 1,
                "model.n_experts",
                nExperts,
                "only 1 with model.feed_forward=dense",
                1);
        Check.positive("model.capacity_factor", capacityFactor, 1.25);
        Check.positive("model.eval_capacity_factor", evalCapacityFactor, 2.0);
        Check.atLeast("model.min_capacity", minCapacity, 0, 4);
        Check.atLeast("model.eval_min_capacity", evalMinCapacity, 0, 4);
        Check.given("model.drop_order", dropOrder, DropOrder.POSITION);
        Check.given("model.dropped_tokens", droppedTokens, DroppedTokens.ZERO);
        Check.belowOne("model.router_jitter", routerJitter, 0.01);
        Check.given("model.dispatch", dispatch, DispatchForm.BATCHED);
        Check.given("model.activation", activation, Activation.RELU);
        Check.belowOne("model.dropout", dropout, 0.1);
        Check.given("model.init", init, Init.TORCH);
        Check.positive("model.init_scale", initScale, 0.1);
        Check.given("model.replicas", replicas, Replicas.INDEPENDENT);
    }

    /**
     * Expert capacity for a batch, as the reference computes it: {@code int(capacity_factor * tokens / n_experts)} in double
     * precision, but at least the minimum capacity.
     *
     * @param tokens tokens in the batch, over all sequences
     * @param training whether the training or the evaluation settings count
     * @return tokens that one expert takes when {@code dropTokens} is on
     */
    public int capacity(int tokens, boolean training) {
        return capacity(training).of(tokens, nExperts);
    }

    /** The rule for expert capacity in training or at evaluation. */
    public Capacity capacity(boolean training) {
        return training ? new Capacity(capacityFactor, minCapacity) : new Capacity(evalCapacityFactor, evalMinCapacity);
    }

    private static void checkHeads(int dModel, int heads, Positions positions) {
        boolean rotary = positions == Positions.ROTARY;
        List<Integer> fitting = IntStream.rangeClosed(1, dModel)
                .filter(h -> dModel % h == 0 && (!rotary || dModel / h % 2 == 0))
                .boxed()
                .toList();
        if (fitting.isEmpty()) {
            Check.that(false, "model.d_model", dModel, "even numbers with model.positions=rotary", dModel + 1);
        }
        String allowed = rotary
                ? "divisors of model.d_model=%d with an even quotient (rotary positions): %s"
                : "divisors of model.d_model=%d: %s";
        int example = fitting.stream()
                .min(Comparator.comparingInt(h -> Math.abs(h - heads)))
                .orElseThrow();
        Check.that(
                fitting.contains(heads),
                "model.heads",
                heads,
                allowed.formatted(dModel, fitting.stream().map(String::valueOf).collect(Collectors.joining(", "))),
                example);
    }

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
        /** Gather into (C, E, D), grouped products over stacked expert weights, gather back. */
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
