package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.RouterScope;
import dev.switchlab.experiment.RouterScore;
import java.util.Optional;

/**
 * How one switch layer routed its tokens: the plan, and tensors that carry the router's gradient to losses. Tensors
 * live as long as the pass.
 *
 * @param model the layer's settings
 * @param layer the layer's index in the transformer
 * @param sequences B: token t belongs to sequence t mod B
 * @param plan each token's experts, the counts before dropping, and what was kept and dropped
 * @param routerScores what experts were ranked by, (N, E): scores, or logits with scope chosen
 * @param selectionBias what was added to that for the choice, (E); empty for nothing
 * @param logits the router's logits, (N, E)
 * @param scores scores of all experts, (N, E); with scope chosen zero for those that a token does not go to
 * @param chosen scores of the experts that each token goes to, (N, K)
 * @param gates what their outputs are multiplied by, (N, K)
 */
public record Routing(
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

    private static final float TINY = 1e-20f;

    /** This routing behind a cut of the graph. */
    Routing carried(Graph.Cut cut) {
        return new Routing(
                model,
                layer,
                sequences,
                plan,
                routerScores,
                selectionBias,
                cut.carry(logits), // (N, E)
                cut.carry(scores), // (N, E)
                chosen,
                cut.carry(gates)); // (N, K)
    }

    /** The scores summed over tokens, (E). */
    public NDArray scoreSum() {
        return scores.sum(new int[] {0}); // (E)
    }

    /** The scores as a distribution over experts per token, (N, E), with the router's gradient. */
    NDArray distribution() {
        return distribution(scores); // (N, E)
    }

    /** Softmax scores are a distribution; sigmoid scores are one over their sum. */
    private NDArray distribution(NDArray s) {
        return model.routerScore() == RouterScore.SOFTMAX
                ? s // (N, E)
                : s.div(s.sum(new int[] {1}, true).add(TINY)); // (N, E)
    }

    /**
     * The router's distribution over all experts, on the host, [token * E + expert]: whatever the scope, of all logits.
     */
    public float[] probabilities() {
        return HostCopy.floats(
                distribution(model.routerScope() == RouterScope.CHOSEN ? logits.softmax(-1) : scores)); // (N, E)
    }
}
