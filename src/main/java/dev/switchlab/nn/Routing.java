package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.RouterScope;
import dev.switchlab.experiment.RouterScore;
import java.util.Optional;

/**
 * How one switch layer routed its tokens: tensors for losses, which carry the router's gradient, and host arrays for
 * statistics, which are read when they are asked for: before the pass is closed.
 */
public final class Routing {

    private static final float TINY = 1e-20f;

    private final ModelConfig model;
    private final int layer;
    private final int sequences;
    private final Plan tensors;
    private final NDArray ranking;
    private final Optional<NDArray> selectionBias;
    private final NDArray logits;
    private final NDArray scores;
    private final NDArray chosen;
    private final NDArray gates;
    private RoutingPlan plan;
    private float[] rankingOnHost;

    Routing(
            ModelConfig model,
            int layer,
            int sequences,
            Plan tensors,
            NDArray ranking,
            Optional<NDArray> selectionBias,
            NDArray logits,
            NDArray scores,
            NDArray chosen,
            NDArray gates) {
        this.model = model;
        this.layer = layer;
        this.sequences = sequences;
        this.tensors = tensors;
        this.ranking = ranking;
        this.selectionBias = selectionBias;
        this.logits = logits;
        this.scores = scores;
        this.chosen = chosen;
        this.gates = gates;
    }

    /** The layer's settings. */
    public ModelConfig model() {
        return model;
    }

    /** The layer's index in the transformer. */
    public int layer() {
        return layer;
    }

    /** B: token t belongs to sequence t mod B. */
    public int sequences() {
        return sequences;
    }

    /** Where each pair goes, as tensors. */
    public Plan tensors() {
        return tensors;
    }

    /** The same as host arrays: each token's experts, the counts before dropping, and what was kept and dropped. */
    public RoutingPlan plan() {
        if (plan == null) {
            plan = tensors.onHost();
        }
        return plan;
    }

    /** Takes the host arrays from the device, so that they outlive the pass. */
    public Routing read() {
        plan();
        rankingOnHost();
        return this;
    }

    /** What experts were ranked by, (N, E): scores, or logits with scope chosen. */
    NDArray ranking() {
        return ranking;
    }

    private float[] rankingOnHost() {
        if (rankingOnHost == null) {
            rankingOnHost = HostCopy.floats(ranking);
        }
        return rankingOnHost;
    }

    /** What was added to that for the choice, (E); empty for nothing. */
    Optional<NDArray> selectionBias() {
        return selectionBias;
    }

    /** The router's logits, (N, E). */
    public NDArray logits() {
        return logits;
    }

    /** Scores of all experts, (N, E); with scope chosen zero for those that a token does not go to. */
    public NDArray scores() {
        return scores;
    }

    /** Scores of the experts that each token goes to, (N, K). */
    public NDArray chosen() {
        return chosen;
    }

    /** What their outputs are multiplied by, (N, K). */
    public NDArray gates() {
        return gates;
    }

    /**
     * A distribution over experts per token, (N, E), with the router's gradient: softmax scores, or sigmoid scores over
     * their sum.
     */
    NDArray distribution() {
        if (model.routerScore() == RouterScore.SOFTMAX) {
            return scores; // (N, E)
        }
        return scores.div(scores.sum(new int[] {1}, true).add(TINY)); // (N, E)
    }

    /** The scores summed over tokens, (E). */
    public NDArray scoreSum() {
        return scores.sum(new int[] {0}); // (E)
    }

    /**
     * The router's distribution over all experts, on the host, [token * E + expert]: whatever the scope, of all logits.
     * Not to be changed.
     */
    public float[] probabilities() {
        boolean ofLogits = model.routerScope() == RouterScope.CHOSEN;
        float[] ranking = rankingOnHost();
        if (!ofLogits && model.routerScore() == RouterScore.SOFTMAX) {
            return ranking;
        }
        int e = tensors.experts();
        float[] probabilities = new float[ranking.length];
        for (int row = 0; row < ranking.length; row += e) {
            float largest = Float.NEGATIVE_INFINITY;
            for (int i = row; i < row + e; i++) {
                largest = Math.max(largest, ranking[i]);
            }
            double sum = TINY;
            for (int i = row; i < row + e; i++) {
                sum += ofLogits ? StrictMath.exp(ranking[i] - largest) : ranking[i];
            }
            for (int i = row; i < row + e; i++) {
                probabilities[i] = (float) ((ofLogits ? StrictMath.exp(ranking[i] - largest) : ranking[i]) / sum);
            }
        }
        return probabilities;
    }
}
