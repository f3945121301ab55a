package dev.switchlab.train;

import dev.switchlab.data.Batch;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Runs a model over a text and keeps each router's decision. The text is cut into windows of the length that the model
 * was trained on, which go through the model in batches of its training size: dropping depends on what shares a batch,
 * as it does in the evaluation.
 */
public final class TextRouter {

    /** For a token that spells nothing. */
    private static final int REPLACEMENT = 0xfffd;

    private final LanguageModel model;

    /** Routes through {@code model}. */
    public TextRouter(LanguageModel model) {
        this.model = model;
    }

    /**
     * What outlives a pass of a layer's routing.
     *
     * @param probabilities (N, E)
     */
    private record Routed(int layer, RoutingPlan plan, float[] probabilities) {

        static Routed of(Routing routing) {
            return new Routed(routing.layer(), routing.plan(), routing.probabilities());
        }
    }

    /** Where a batch was routed, and where in the text its tokens stand. */
    private record Pass(List<Routed> layers, int[] places) {}

    /**
     * Routes a text.
     *
     * @param text at least one character, all of the model's vocabulary
     */
    public RoutingTrace trace(String text) {
        int[] tokens = model.tokenizer().encode(text);
        if (tokens.length == 0) {
            throw new IllegalArgumentException("the text is empty; give at least one character, for example \"A\"");
        }
        TrainConfig train = model.experiment().train();
        List<Batch> batches = new ArrayList<>();
        for (int from = 0, left = tokens.length; left > 0; left = tokens.length - from) {
            // The rest that fills no window goes alone, as one shorter sequence.
            int length = Math.min(train.seqLen(), left);
            int sequences = Math.min(train.batchSize(), left / length);
            long[] batch = IntStream.of(places(from, length, sequences))
                    .mapToLong(place -> tokens[place])
                    .toArray();
            batches.add(new Batch(batch, new long[0], length, sequences)); // no targets: nothing is scored
            from += batch.length;
        }
        return trace(batches, batch -> model.evaluationDropPolicy(0, batch));
    }

    /**
     * Routes the windows of batches, whose text stands one after another in the trace.
     *
     * @param dropPolicy which tokens an over-full expert keeps, by batch
     */
    RoutingTrace trace(List<Batch> batches, IntFunction<DropPolicy> dropPolicy) {
        int[] text = new int[batches.stream().mapToInt(Batch::size).sum()];
        List<Pass> passes = new ArrayList<>();
        int from = 0;
        for (Batch batch : batches) {
            int[] places = places(from, batch.seqLen(), batch.batchSize());
            for (int token = 0; token < places.length; token++) {
                String own = model.tokenizer().decode(Math.toIntExact(batch.tokens()[token]));
                text[places[token]] = own.isEmpty() ? REPLACEMENT : own.codePointAt(0);
            }
            List<Routed> routing = model.evaluate(
                    batch,
                    dropPolicy.apply(passes.size()),
                    output -> output.routing().stream().map(Routed::of).toList());
            passes.add(new Pass(routing, places));
            from += batch.size();
        }
        List<Routed> first = passes.get(0).layers;
        int nExperts = first.isEmpty() ? 0 : first.get(0).plan().experts();
        int choices = first.isEmpty() ? 1 : first.get(0).plan().choices();
        List<RoutingTrace.Layer> layers = IntStream.range(0, first.size())
                .mapToObj(layer -> layer(layer, text.length, nExperts, choices, passes))
                .toList();
        return new RoutingTrace(text, nExperts, choices, layers);
    }

    private static RoutingTrace.Layer layer(int sparse, int tokens, int nExperts, int choices, List<Pass> passes) {
        int[] expert = new int[tokens * choices];
        float[] probability = new float[tokens * choices];
        double[] entropy = new double[tokens];
        boolean[] dropped = new boolean[tokens * choices];
        long capacity = 0;
        for (Pass pass : passes) {
            RoutingPlan plan = pass.layers.get(sparse).plan();
            float[] probabilities = pass.layers.get(sparse).probabilities();
            capacity += (long) plan.capacity() * nExperts;
            for (int token = 0; token < pass.places.length; token++) {
                int place = pass.places[token];
                for (int choice = 0; choice < choices; choice++) {
                    int route = plan.route(token, choice);
                    expert[place * choices + choice] = route;
                    probability[place * choices + choice] = probabilities[token * nExperts + route];
                }
                for (int e = 0; e < nExperts; e++) {
                    double p = probabilities[token * nExperts + e];
                    entropy[place] -= p > 0 ? p * Math.log(p) : 0;
                }
            }
            for (int pair : plan.dropped()) {
                dropped[pass.places[pair / choices] * choices + pair % choices] = true;
            }
        }
        int layer = passes.get(0).layers.get(sparse).layer();
        return new RoutingTrace.Layer(layer, expert, probability, entropy, dropped, capacity);
    }

    /**
     * Where in the text the tokens of a time-major batch stand: position s of sequence b at index s * sequences + b.
     */
    static int[] places(int from, int length, int sequences) {
        int[] places = new int[length * sequences];
        for (int s = 0; s < length; s++) {
            for (int b = 0; b < sequences; b++) {
                places[s * sequences + b] = from + b * length + s;
            }
        }
        return places;
    }
}
