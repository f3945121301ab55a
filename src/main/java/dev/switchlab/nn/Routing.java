package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.RouterScope;
import dev.switchlab.experiment.RouterScore;

/**
 * How one switch layer routed its tokens: tensors for losses, which carry the router's gradient and live as long as the pass, and host
 * arrays for statistics.
 *
 * @param model the layer's settings
 * @param layer the layer's index in the transformer
 * @param sequences B: token t belongs to sequence t mod B
 * @param plan each token's experts, the counts before dropping, and what was kept and dropped
 * @param ranking what experts were ranked by, on the host, [token * E + expert]: scores, or logits with scope chosen
 * @param selectionBias what was added to that for the choice, by expert; empty for nothing
 * @param logits the router's, (N, E)
 * @param scores of all experts, (N, E); with scope chosen zero for those that a token does not go to
 * @param chosen scores of the experts that each token goes to, (N, K)
 * @param gates what their outputs are multiplied by, (N, K)
 */
public record Routing(
        ModelConfig model,
        int layer,
        int sequences,
        RoutingPlan plan,
        float[] ranking,
        float[] selectionBias,
        NDArray logits,
        NDArray scores,
        NDArray chosen,
        NDArray gates) {

    private static final float TINY = 1e-20f;

    /** A distribution over experts per token, (N, E), with the router's gradient: softmax scores, or sigmoid scores over their sum. */
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
     * The router's distribution over all experts, on the host, [token * E + expert]: whatever the scope, of all logits. Not to be
     * changed.
     */
    public float[] probabilities() {
        boolean logits = model.routerScope() == RouterScope.CHOSEN;
        if (!logits && model.routerScore() == RouterScore.SOFTMAX) {
            return ranking;
        }
        int e = plan.experts();
        float[] probabilities = new float[ranking.length];
        for (int row = 0; row < ranking.length; row += e) {
            float largest = Float.NEGATIVE_INFINITY;
            for (int i = row; i < row + e; i++) {
                largest = Math.max(largest, ranking[i]);
            }
            double sum = TINY;
            for (int i = row; i < row + e; i++) {
                sum += logits ? StrictMath.exp(ranking[i] - largest) : ranking[i];
            }
            for (int i = row; i < row + e; i++) {
                probabilities[i] = (float) ((logits ? StrictMath.exp(ranking[i] - largest) : ranking[i]) / sum);
            }
        }
        return probabilities;
    }

    /**
     * How much a token trusts its first choice: that choice's gate before {@code gate_scale}, and also where {@code is_scale_prob} is off.
     *
     * @param probabilities {@link #probabilities}
     */
    double confidence(float[] probabilities, int token) {
        int e = plan.experts();
        boolean shares = model.normalizeGates() || model.routerScope() == RouterScope.CHOSEN;
        float[] scored = model.routerScope() == RouterScope.CHOSEN ? probabilities : ranking;
        double first = scored[token * e + plan.route(token)];
        if (!shares) {
            return first;
        }
        double sum = TINY;
        for (int choice = 0; choice < plan.choices(); choice++) {
            sum += scored[token * e + plan.route(token, choice)];
        }
        return first / sum;
    }
}
