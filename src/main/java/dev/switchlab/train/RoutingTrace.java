package dev.switchlab.train;

import java.util.List;

/**
 * Where a model sent each token of a text. What is kept per (token, choice) pair stands at {@code token * choices +
 * choice}, first choices first; with one choice per token that is the token.
 *
 * @param text the text, one code point per token
 * @param nExperts experts in each layer
 * @param choices experts that each token goes to in a layer
 * @param layers one entry per sparse layer
 */
public record RoutingTrace(int[] text, int nExperts, int choices, List<Layer> layers) {

    /**
     * One layer's decisions.
     *
     * @param layer its index in the transformer, where dense layers count, too
     * @param expert the expert that the token wants, by pair
     * @param probability its router probability, by pair
     * @param entropy entropy of the router's distribution, in nats, by token
     * @param dropped whether the expert was full and the pair was lost, by pair
     * @param capacity pairs that the experts together could take, over all passes; what utilization is relative to
     */
    public record Layer(
            int layer, int[] expert, float[] probability, double[] entropy, boolean[] dropped, long capacity) {}

    /** Checks that all layers have the text's length. */
    public RoutingTrace {
        layers = List.copyOf(layers);
        int pairs = text.length * choices;
        for (Layer layer : layers) {
            if (layer.expert().length != pairs
                    || layer.probability().length != pairs
                    || layer.entropy().length != text.length
                    || layer.dropped().length != pairs) {
                throw new IllegalArgumentException(
                        "a layer of the trace has not " + choices + " entries for each of " + text.length + " tokens");
            }
        }
    }

    /** Number of tokens. */
    public int tokens() {
        return text.length;
    }

    /** Where the first choice of {@code token} stands among the pairs; the others follow. */
    public int firstPair(int token) {
        return token * choices;
    }

    /** Number of (token, choice) pairs. */
    public int pairs() {
        return text.length * choices;
    }
}
