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
    private final RoutingPlan plan;
    private final NDArray routerScores;
    private final Optional<NDArray> selectionBias;
    private final NDArray logits;
    private final NDArray scores;
    private final NDArray chosen;
    private final NDArray gates;
    private float[] routerScoresOnHost;

    Routing(
            ModelConfig model,
            int layer,
            int sequences,
            RoutingPlan plan,
            NDArray routerScores,
            Optional<NDArray> selectionBias,
            NDArray logits,
            NDArray scores,
            NDArray chosen,
            NDArray gates) {
        this.model = model;
        this.layer = layer;
        this.sequences = sequences;
        this.plan = plan;
        this.routerScores = routerScores;
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

    /** Each token's experts, the counts before dropping, and what was kept and dropped. */
    public RoutingPlan plan() {
        return plan;
    }

    /** Reads the router's scores from the device, so that {@link #probabilities} outlive the pass. */
    public Routing read() {
        routerScoresOnHost();
        return this;
    }

    /** This routing behind a cut of the graph. */
    Routing carried(Graph.Cut cut) {
        NDArray ownLogits = cut.carry(logits); // (N, E)
        NDArray ownScores = cut.carry(scores); // (N, E)
        return new Routing(
                model,
                layer,
                sequences,
                plan,
                routerScores,
                selectionBias,
                ownLogits,
                ownScores,
                chosen,
                cut.carry(gates));
    }

    /** What experts were ranked by, (N, E): scores, or logits with scope chosen. */
    NDArray routerScores() {
        return routerScores;
    }

    private float[] routerScoresOnHost() {
        if (routerScoresOnHost == null) {
            routerScoresOnHost = HostCopy.floats(routerScores);
        }
        return routerScoresOnHost;
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
        float[] routerScores = routerScoresOnHost();
        if (!ofLogits && model.routerScore() == RouterScore.SOFTMAX) {
            return routerScores;
        }
        int e = plan.experts();
        float[] probabilities = new float[routerScores.length];
        for (int row = 0; row < routerScores.length; row += e) {
            float largest = Float.NEGATIVE_INFINITY;
            for (int i = row; i < row + e; i++) {
                largest = Math.max(largest, routerScores[i]);
            }
            double sum = TINY;
            for (int i = row; i < row + e; i++) {
                sum += ofLogits ? StrictMath.exp(routerScores[i] - largest) : routerScores[i];
            }
            for (int i = row; i < row + e; i++) {
                probabilities[i] =
                        (float) ((ofLogits ? StrictMath.exp(routerScores[i] - largest) : routerScores[i]) / sum);
            }
        }
        return probabilities;
    }
}
