package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.data.Batch;
import dev.switchlab.nn.HostCopy;
import java.util.List;

/** Scores a model on held-out batches, without dropout, jitter or gradients. */
public final class Evaluator {

    private final LanguageModel model;

    /** Scores {@code model}. */
    public Evaluator(LanguageModel model) {
        this.model = model;
    }

    /**
     * Scores {@code batches}; every character weighs the same.
     *
     * @param step steps the model was trained for; where the reference drops at random even at evaluation, it names the random stream
     */
    public Evaluation evaluate(List<Batch> batches, int step) {
        double crossEntropy = 0;
        long correct = 0;
        long tokens = 0;
        for (int i = 0; i < batches.size(); i++) {
            Batch batch = batches.get(i);
            Score score = model.evaluate(
                    batch.tokens(),
                    batch.seqLen(),
                    batch.batchSize(),
                    model.evaluationDropPolicy(step, i),
                    output -> score(output.logits(), batch));
            crossEntropy += score.crossEntropy * (double) batch.size();
            correct += score.correct;
            tokens += batch.size();
        }
        return new Evaluation(crossEntropy / tokens, (double) correct / tokens, tokens);
    }

    private record Score(float crossEntropy, long correct) {}

    /** @param logits (S, B, V) */
    private static Score score(NDArray logits, Batch batch) {
        NDArray targets =
                logits.getManager().create(batch.targets(), new Shape(batch.seqLen(), batch.batchSize())); // (S, B)
        return new Score((float) HostCopy.number(CrossEntropy.of(logits, targets)), (long)
                HostCopy.number(logits.argMax(-1).eq(targets).countNonzero()));
    }
}
