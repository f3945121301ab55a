package dev.switchlab.train;

import dev.switchlab.data.Batch;
import dev.switchlab.nn.DropPolicy;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Runs a model over a text and keeps each router's decision. The text is cut into windows of the length that the model
 * was trained on, which go through the model in batches of its training size: dropping depends on what shares a batch,
 * as it does in the evaluation.
 */
public final class TextRouter {

    private final LanguageModel model;

    /** Routes through {@code model}. */
    public TextRouter(LanguageModel model) {
        this.model = model;
    }

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
        int seqLen = model.experiment().train().seqLen();
        int batchSize = model.experiment().train().batchSize();
        RoutingTrace.Builder trace = new RoutingTrace.Builder(text.codePoints().toArray());
        int pass = 0;
        for (int from = 0; from < tokens.length; pass++) {
            int left = tokens.length - from;
            // The rest that fills no window goes alone, as one shorter sequence.
            int length = Math.min(seqLen, left);
            int sequences = Math.min(batchSize, left / length);
            int[] places = places(from, length, sequences);
            long[] batch =
                    IntStream.of(places).mapToLong(place -> tokens[place]).toArray();
            route(trace, batch, length, sequences, model.evaluationDropPolicy(0, pass), places);
            from += length * sequences;
        }
        return trace.build();
    }

    /**
     * Routes the windows of batches, whose text stands one after another in the trace.
     *
     * @param dropPolicy which tokens an over-full expert keeps, by batch
     */
    RoutingTrace trace(List<Batch> batches, IntFunction<DropPolicy> dropPolicy) {
        int[] text = new int[batches.stream().mapToInt(Batch::size).sum()];
        RoutingTrace.Builder trace = new RoutingTrace.Builder(text);
        int from = 0;
        for (int i = 0; i < batches.size(); i++) {
            Batch batch = batches.get(i);
            int[] places = places(from, batch.seqLen(), batch.batchSize());
            for (int token = 0; token < places.length; token++) {
                text[places[token]] = model.tokenizer()
                        .decode(Math.toIntExact(batch.tokens()[token]))
                        .codePointAt(0);
            }
            route(trace, batch.tokens(), batch.seqLen(), batch.batchSize(), dropPolicy.apply(i), places);
            from += batch.size();
        }
        return trace.build();
    }

    private void route(
            RoutingTrace.Builder trace, long[] tokens, int seqLen, int batchSize, DropPolicy dropPolicy, int[] places) {
        model.evaluate(tokens, seqLen, batchSize, dropPolicy, output -> trace.add(output.routing(), places));
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
