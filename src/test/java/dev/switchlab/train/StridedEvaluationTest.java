package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.data.Batch;
import dev.switchlab.data.ScoredBatch;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.HostCopy;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Scores by windows that overlap. Nothing is dropped, so that a window's score does not hang on the others of its
 * batch.
 */
class StridedEvaluationTest {

    private final Experiment experiment =
            Runs.smoke("model.drop_tokens=false train.seq_len=24 train.batch_size=4 train_fraction=0.998");

    @Test
    void aStrideOfTheWholeWindowIsTheUsualScoreToTheBit() {
        TextData data = Runs.data(experiment);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            Evaluator evaluator = new Evaluator(model, data);
            Evaluation usual = evaluator.evaluate(data.validation(experiment), 1);
            assertThat(evaluator.evaluateScored(data.validation(experiment, 24), 1))
                    .isEqualTo(usual);
            Evaluation strided = evaluator.evaluateScored(data.validation(experiment, 7), 1);
            assertThat(strided.tokens()).isEqualTo(usual.tokens());
            assertThat(strided.crossEntropy()).isNotEqualTo(usual.crossEntropy());
        }
    }

    /** Against a sum in double over single windows, character by character. */
    @Test
    void onlyWhatCountsCounts() {
        TextData data = Runs.data(experiment);
        List<ScoredBatch> batches = data.validation(experiment, 7).subList(0, 5);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            double sum = 0;
            long count = 0;
            for (ScoredBatch scored : batches) {
                Batch batch = scored.batch();
                float[] logits = model.evaluate(
                        batch, model.evaluationDropPolicy(1, 0), output -> HostCopy.floats(output.logits()));
                int vocabulary = data.tokenizer().size();
                assertThat(logits).hasSize((int) new Shape(batch.size(), vocabulary).size());
                for (int at = (24 - scored.scored()) * batch.batchSize(); at < batch.size(); at++) {
                    double all = 0;
                    for (int v = 0; v < vocabulary; v++) {
                        all += Math.exp(logits[at * vocabulary + v]);
                    }
                    sum += Math.log(all) - logits[at * vocabulary + (int) batch.targets()[at]];
                    count++;
                }
            }
            Evaluation score = new Evaluator(model, data).evaluateScored(batches, 1);
            assertThat(score.tokens()).isEqualTo(count);
            assertThat(score.crossEntropy()).isCloseTo(sum / count, within(1e-5));
        }
    }
}
