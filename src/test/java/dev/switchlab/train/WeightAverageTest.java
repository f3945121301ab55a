package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.StateDict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The moving average of weights: its formula, and what a training run does with it. */
class WeightAverageTest {

    private static final List<Shape> SHAPES = List.of(new Shape(3, 5), new Shape(64), new Shape(2, 7, 9));

    @TempDir
    Path folder;

    /** Against {@code a = d a + (1 - d) p} from zero, over {@code 1 - d^t}, in doubles. */
    @Test
    void isTheAverageOfItsFormula() {
        double decay = 0.9;
        try (NDManager manager = NDManager.newBaseManager()) {
            SplittableRandom random = new SplittableRandom(3);
            List<NDArray> weights = new ArrayList<>();
            List<double[]> sums = new ArrayList<>();
            for (Shape shape : SHAPES) {
                weights.add(manager.create(draw(random, shape), shape));
                sums.add(new double[(int) shape.size()]);
            }
            WeightAverage average = new WeightAverage(decay, weights, manager);
            values(average.values()).forEach(own -> assertThat(values(weights)).contains(own));
            for (int step = 1; step <= 60; step++) {
                for (int i = 0; i < SHAPES.size(); i++) {
                    float[] next = draw(random, SHAPES.get(i));
                    try (NDArray source = manager.create(next, SHAPES.get(i))) {
                        weights.get(i).set(new NDIndex(":"), source);
                    }
                    double[] sum = sums.get(i);
                    for (int j = 0; j < sum.length; j++) {
                        sum[j] = decay * sum[j] + (1 - decay) * next[j];
                    }
                }
                average.update(step);
                if (step == 1) {
                    assertThat(values(average.values())).isEqualTo(values(weights));
                }
                for (int i = 0; i < SHAPES.size(); i++) {
                    float[] own = average.values().get(i).toFloatArray();
                    for (int j = 0; j < own.length; j++) {
                        double expected = sums.get(i)[j] / (1 - Math.pow(decay, step));
                        assertThat((double) own[j]).isCloseTo(expected, within(2e-6));
                    }
                }
            }
            List<List<Float>> trained = values(weights);
            List<List<Float>> averaged = values(average.values());
            assertThat(average.during(() -> values(weights))).isEqualTo(averaged);
            assertThatThrownBy(() -> average.during(() -> {
                        throw new IllegalStateException("in between");
                    }))
                    .hasMessage("in between");
            assertThat(values(weights)).isEqualTo(trained);
            assertThat(values(average.values())).isEqualTo(averaged);
            average.keepInModel();
            average.keepInModel();
            assertThat(average.during(() -> values(weights))).isEqualTo(averaged);
            assertThatThrownBy(() -> average.update(61)).hasMessageContaining("training is over");
        }
    }

    private static float[] draw(SplittableRandom random, Shape shape) {
        float[] values = new float[(int) shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (2 * random.nextDouble() - 1);
        }
        return values;
    }

    private static List<List<Float>> values(List<NDArray> arrays) {
        List<List<Float>> all = new ArrayList<>();
        for (NDArray array : arrays) {
            List<Float> values = new ArrayList<>();
            for (float value : array.toFloatArray()) {
                values.add(value);
            }
            all.add(values);
        }
        return all;
    }

    /**
     * The same steps with and without: training itself is not touched, but the scores are the average's, and so is what
     * is left.
     */
    @Test
    void aRunIsScoredByItsAverageAndTrainsAsWithout() throws IOException {
        String settings =
                "train.steps=8 train.eval_every=4 train.eval_batches=1 train.sample_every=0 train.sample_length=5"
                        + " train.checkpoint_every=4 train_fraction=0.99 train.ema=";
        Runs.Outcome without = Runs.train(Runs.smoke(settings + "0"), folder.resolve("without"), () -> false);
        Experiment experiment = Runs.smoke(settings + "0.8");
        TextData data = Runs.data(experiment);
        RecordingLog log = new RecordingLog();
        Path own = folder.resolve("with");
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            Trainer trainer =
                    new Trainer(model, data, log, new Checkpoints(own, 2), new TrainingProgress() {}, () -> false);
            TrainingResult result = trainer.run();
            assertThat(log.metrics.get("train/loss"))
                    .isEqualTo(without.log().metrics.get("train/loss"));
            assertThat(log.metrics.get("valid/cross_entropy"))
                    .isNotEqualTo(without.log().metrics.get("valid/cross_entropy"));
            assertThat(new Evaluator(model, data).evaluate(data.validation(experiment), 8))
                    .isEqualTo(result.validation().orElseThrow())
                    .isNotEqualTo(without.result().validation().orElseThrow());
            Checkpoint last = Checkpoints.latest(own, notice -> {}).orElseThrow();
            assertThat(last.step()).isEqualTo(8);
            // The checkpoint has both: from it the model gets the weights, and the average beside them.
            Map<String, StateDict.Weight> left = model.stateDict().weights();
            try (LanguageModel again = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
                TrainStep step = new TrainStep(again);
                last.restore(again, step);
                assertThat(again.digest()).isNotEqualTo(model.digest());
                step.average().orElseThrow().keepInModel();
                assertThat(again.digest()).isEqualTo(model.digest());
                assertThat(again.stateDict().weights()).hasSameSizeAs(left);
            }
        }
    }
}
