package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.data.Batch;
import dev.switchlab.experiment.ModelConfig.DropOrder;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
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
            try (NDManager scope = model.manager().newSubManager()) {
                Shape shape = new Shape(batch.seqLen(), batch.batchSize());
                NDArray targets = scope.create(batch.targets(), shape); // (S, B)
                Pass pass = Pass.evaluation(
                        scope, new StepWeights(scope, model.network(), false), dropPolicy(model, step, i));
                NDArray logits = model.network()
                        .forward(pass, scope.create(batch.tokens(), shape))
                        .logits(); // (S, B, V)
                crossEntropy += CrossEntropy.of(logits, targets).getFloat() * (double) batch.size();
                correct += logits.argMax(-1).eq(targets).countNonzero().getLong();
                tokens += batch.size();
            }
        }
        return new Evaluation(crossEntropy / tokens, (double) correct / tokens, tokens);
    }

    /** The experiment's drop policy outside training. */
    public static DropPolicy dropPolicy(LanguageModel model, int step, int batch) {
        if (model.experiment().model().dropOrder() == DropOrder.POSITION) {
            return DropPolicy.byPosition();
        }
        RandomStreams streams = new RandomStreams(model.experiment().seed());
        return DropPolicy.random(streams.generator(RandomStream.DROPPING, "evaluation", step, batch));
    }
}
