package dev.switchlab.analysis;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.train.Evaluator;
import dev.switchlab.train.LanguageModel;

/**
 * Runs a model over a text and keeps each router's decision. The text is cut into windows of the length that the model was trained on,
 * which go through the model in batches of its training size: dropping depends on what shares a batch, as it does in the evaluation.
 */
public final class RoutingTracer {

    private final LanguageModel model;

    /** Traces {@code model}. */
    public RoutingTracer(LanguageModel model) {
        this.model = model;
    }

    /**
     * Traces a text.
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
            run(tokens, places(from, length, sequences), length, sequences, pass, trace);
            from += length * sequences;
        }
        return trace.build();
    }

    /** Where in the text the tokens of a time-major batch stand: position s of sequence b at index s * sequences + b. */
    static int[] places(int from, int length, int sequences) {
        int[] places = new int[length * sequences];
        for (int s = 0; s < length; s++) {
            for (int b = 0; b < sequences; b++) {
                places[s * sequences + b] = from + b * length + s;
            }
        }
        return places;
    }

    private void run(int[] tokens, int[] places, int length, int sequences, int pass, RoutingTrace.Builder trace) {
        try (NDManager scope = model.manager().newSubManager()) {
            long[] batch = new long[places.length];
            for (int i = 0; i < batch.length; i++) {
                batch[i] = tokens[places[i]];
            }
            Pass evaluation = Pass.evaluation(
                    scope, new StepWeights(scope, model.network(), false), Evaluator.dropPolicy(model, 0, pass));
            trace.add(
                    model.network()
                            .forward(evaluation, scope.create(batch, new Shape(length, sequences))) // (S, B)
                            .routing(),
                    places);
        }
    }
}
