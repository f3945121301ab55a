package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import com.google.common.collect.Lists;
import dev.switchlab.data.Batch;
import dev.switchlab.data.ScoredBatch;
import dev.switchlab.data.TextData;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.nn.HostCopy;
import java.util.Arrays;
import java.util.List;

/** Scores a model on held-out batches, without dropout, jitter or gradients. */
public final class Evaluator {

    private final LanguageModel model;
    private final TextData data;
    private final ProcessGroup world;

    /**
     * Scores {@code model}. Batches go round its ranks, which all get the score that one process would.
     *
     * @param data whose tokens the batches have
     */
    public Evaluator(LanguageModel model, TextData data) {
        this.model = model;
        this.data = data;
        world = model.group();
    }

    /**
     * Scores {@code batches}; every character weighs the same.
     *
     * @param step steps the model was trained for; where the reference drops at random even at evaluation, it names the
     *     random stream
     */
    public Evaluation evaluate(List<Batch> batches, int step) {
        return evaluateScored(Lists.transform(batches, ScoredBatch::whole), step);
    }

    /**
     * Scores those characters of {@code batches} that count, with what stands before them in their window; otherwise
     * the same.
     */
    public Evaluation evaluateScored(List<ScoredBatch> batches, int step) {
        double crossEntropy = 0;
        long correct = 0;
        long tokens = 0;
        for (int from = 0; from < batches.size(); from += world.size()) {
            int mine = from + world.rank();
            Score own = score(batches, mine, step);
            for (Score score : ofAllRanks(own)) {
                crossEntropy += score.crossEntropy * (double) score.tokens;
                correct += score.correct;
                tokens += score.tokens;
            }
        }
        return new Evaluation(
                crossEntropy / tokens,
                (double) correct / tokens,
                tokens,
                data.charactersPerToken(),
                data.bytesPerToken());
    }

    /**
     * With sharded experts, a rank without a batch runs the last batch, because other ranks' tokens need its experts.
     */
    private Score score(List<ScoredBatch> batches, int mine, int step) {
        if (mine < batches.size()) {
            return score(batches.get(mine), step, mine);
        }
        if (model.isSharded()) {
            int last = batches.size() - 1;
            score(batches.get(last), step, last);
        }
        return new Score(0, 0, 0);
    }

    private List<Score> ofAllRanks(Score own) {
        if (world.size() == 1) {
            return List.of(own);
        }
        return world.gather(new double[] {own.crossEntropy, own.correct, own.tokens}).stream()
                .map(values -> new Score((float) values[0], (long) values[1], (long) values[2]))
                .toList();
    }

    private Score score(ScoredBatch scored, int step, int index) {
        Batch batch = scored.batch();
        return model.evaluate(batch, model.evaluationDropPolicy(step, index), output -> score(output.logits(), scored));
    }

    private record Score(float crossEntropy, long correct, long tokens) {}

    /** @param logits (S, B, V) */
    private static Score score(NDArray logits, ScoredBatch scored) {
        Batch batch = scored.batch();
        int first = batch.seqLen() - scored.scored();
        // s are the scored of S positions.
        NDArray counted = first == 0 ? logits : logits.get(new NDIndex("{}:", first)); // (s, B, V)
        long[] following = Arrays.copyOfRange(batch.targets(), first * batch.batchSize(), batch.size());
        NDArray targets =
                logits.getManager().create(following, new Shape(scored.scored(), batch.batchSize())); // (s, B)
        return new Score(
                (float) HostCopy.number(CrossEntropy.of(counted, targets)),
                (long) HostCopy.number(counted.argMax(-1).eq(targets).countNonzero()),
                scored.size());
    }
}
