package dev.switchlab.train;

import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingPlan;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a model sent each token of a text.
 *
 * @param text the text, one code point a token
 * @param nExperts experts in each layer
 * @param layers one entry a switch layer
 */
public record RoutingTrace(int[] text, int nExperts, List<Layer> layers) {

    /**
     * One layer's decisions, by token.
     *
     * @param expert the expert
     * @param probability its router probability
     * @param entropy entropy of the router's distribution, in nats
     * @param dropped whether the expert was full
     * @param capacity tokens that the experts together could take, over all passes; what utilization is relative to
     */
    public record Layer(int[] expert, float[] probability, double[] entropy, boolean[] dropped, long capacity) {}

    /** Checks that all layers have the text's length. */
    public RoutingTrace {
        layers = List.copyOf(layers);
        for (Layer layer : layers) {
            if (layer.expert().length != text.length
                    || layer.probability().length != text.length
                    || layer.entropy().length != text.length
                    || layer.dropped().length != text.length) {
                throw new IllegalArgumentException(
                        "a layer of the trace has not one entry for each of " + text.length + " tokens");
            }
        }
    }

    /** Number of tokens. */
    public int tokens() {
        return text.length;
    }

    /** Collects the routing of passes over parts of a text. */
    static final class Builder {

        private final int[] text;
        private final List<int[]> expert = new ArrayList<>();
        private final List<float[]> probability = new ArrayList<>();
        private final List<double[]> entropy = new ArrayList<>();
        private final List<boolean[]> dropped = new ArrayList<>();
        private final List<Long> capacity = new ArrayList<>();
        private int nExperts;

        Builder(int[] text) {
            this.text = text;
        }

        /**
         * Adds one pass.
         *
         * @param places where in the text each token of the pass stands
         */
        void add(List<Routing> routing, int[] places) {
            for (int layer = 0; layer < routing.size(); layer++) {
                if (layer == expert.size()) {
                    expert.add(new int[text.length]);
                    probability.add(new float[text.length]);
                    entropy.add(new double[text.length]);
                    dropped.add(new boolean[text.length]);
                    capacity.add(0L);
                }
                add(layer, routing.get(layer).plan(), routing.get(layer).probabilities(), places);
            }
        }

        /** Adds one layer of one pass; {@code probabilities} as [token * E + expert]. */
        private void add(int layer, RoutingPlan plan, float[] probabilities, int[] places) {
            nExperts = plan.experts();
            for (int token = 0; token < places.length; token++) {
                int place = places[token];
                int route = plan.route(token);
                expert.get(layer)[place] = route;
                probability.get(layer)[place] = probabilities[token * nExperts + route];
                double nats = 0;
                for (int e = 0; e < nExperts; e++) {
                    double p = probabilities[token * nExperts + e];
                    nats -= p > 0 ? p * Math.log(p) : 0;
                }
                entropy.get(layer)[place] = nats;
            }
            for (int token : plan.dropped()) {
                dropped.get(layer)[places[token]] = true;
            }
            capacity.set(layer, capacity.get(layer) + (long) plan.capacity() * nExperts);
        }

        RoutingTrace build() {
            List<Layer> layers = new ArrayList<>();
            for (int i = 0; i < expert.size(); i++) {
                layers.add(
                        new Layer(expert.get(i), probability.get(i), entropy.get(i), dropped.get(i), capacity.get(i)));
            }
            return new RoutingTrace(text, nExperts, layers);
        }
    }
}
