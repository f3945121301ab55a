package dev.switchlab.train;

import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingPlan;
import java.util.ArrayList;
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

    /** Collects the routing of passes over parts of a text. */
    static final class Builder {

        private final int[] text;
        private final List<Layer> layers = new ArrayList<>();
        private int nExperts;
        private int choices = 1;

        Builder(int[] text) {
            this.text = text;
        }

        /**
         * Adds one pass.
         *
         * @param places where in the text each token of the pass stands
         */
        Builder add(List<Routing> routing, int[] places) {
            for (int i = 0; i < routing.size(); i++) {
                RoutingPlan plan = routing.get(i).plan();
                if (i == layers.size()) {
                    nExperts = plan.experts();
                    choices = plan.choices();
                    layers.add(empty(routing.get(i).layer()));
                }
                Layer before = layers.get(i);
                fill(before, plan, routing.get(i).probabilities(), places);
                layers.set(
                        i,
                        new Layer(
                                before.layer,
                                before.expert,
                                before.probability,
                                before.entropy,
                                before.dropped,
                                before.capacity + (long) plan.capacity() * nExperts));
            }
            return this;
        }

        private Layer empty(int layer) {
            int pairs = text.length * choices;
            return new Layer(layer, new int[pairs], new float[pairs], new double[text.length], new boolean[pairs], 0);
        }

        /** {@code probabilities} as [token * E + expert]. */
        private void fill(Layer layer, RoutingPlan plan, float[] probabilities, int[] places) {
            for (int token = 0; token < places.length; token++) {
                for (int choice = 0; choice < choices; choice++) {
                    int route = plan.route(token, choice);
                    layer.expert[places[token] * choices + choice] = route;
                    layer.probability[places[token] * choices + choice] = probabilities[token * nExperts + route];
                }
                double nats = 0;
                for (int e = 0; e < nExperts; e++) {
                    double p = probabilities[token * nExperts + e];
                    nats -= p > 0 ? p * Math.log(p) : 0;
                }
                layer.entropy[places[token]] = nats;
            }
            for (int pair : plan.dropped()) {
                layer.dropped[places[pair / choices] * choices + pair % choices] = true;
            }
        }

        RoutingTrace build() {
            return new RoutingTrace(text, nExperts, choices, layers);
        }
    }
}
