package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.switchlab.experiment.Experiment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real training on real text. */
@Tag("slow")
class TrainerTest {

    @TempDir
    Path folder;

    @Test
    void smokeLearnsMoreThanLetterFrequencies() {
        Experiment experiment = Runs.smoke();
        Runs.Outcome outcome = Runs.train(experiment, folder, () -> false);
        double entropy = outcome.data().corpus().unigramEntropy();
        assertThat(outcome.result().status()).isEqualTo(RunStatus.FINISHED);
        assertThat(outcome.result().validation().orElseThrow().crossEntropy()).isLessThan(entropy);
        assertThat(outcome.result().trainCrossEntropy()).isLessThan(entropy);
    }

    @Test
    void logsEveryStepsLossAndEveryExpertsStatistics() throws IOException {
        Experiment experiment = Runs.smoke("train.steps=12 train.log_every=5 train.eval_every=6 train.sample_every=6");
        Runs.Outcome outcome = Runs.train(experiment, folder, () -> false);
        assertThat(outcome.log().metrics.get("train/loss")).hasSize(12);
        assertThat(outcome.log().metrics.get("valid/cross_entropy")).hasSize(2);
        assertThat(outcome.log().metrics.get("final/bits_per_char")).hasSize(1);
        for (int layer = 0; layer < 2; layer++) {
            double load = 0;
            for (int expert = 0; expert < 4; expert++) {
                List<Double> values = outcome.log().metrics.get("layer" + layer + "/load/expert" + expert);
                assertThat(values).hasSize(4); // steps 1, 5, 10 and the last
                load += values.get(3);
            }
            assertThat(load).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-9));
            assertThat(outcome.log().metrics.get("layer" + layer + "/dead_experts"))
                    .hasSize(4)
                    .allMatch(dead -> dead >= 0 && dead < 4);
        }
        assertThat(outcome.log().texts)
                .containsOnlyKeys(
                        "samples/step-000006.txt",
                        "samples/step-000012.txt",
                        "routing/step-000000.json",
                        "routing/step-000006.json",
                        "routing/step-000012.json");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isNotEmpty();
        }
    }

    /** With a learning rate as large as this some evaluations are worse than the best before them. */
    @Test
    void logsTheBestScoreAtTheStepsThatReachedIt() {
        Runs.Outcome outcome = Runs.train(
                Runs.smoke("train.steps=12 train.eval_every=1 train.eval_batches=1 train.learning_rate=0.1"
                        + " train.warmup=0 train.schedule=constant train.sample_every=0"),
                folder,
                () -> false);
        List<Double> improvements = new ArrayList<>();
        List<Double> valid = outcome.log().metrics.get("valid/cross_entropy");
        for (double score : valid) {
            if (improvements.isEmpty() || score < improvements.get(improvements.size() - 1)) {
                improvements.add(score);
            }
        }
        assertThat(improvements).hasSizeBetween(2, valid.size() - 1);
        assertThat(outcome.log().metrics.get("best/cross_entropy")).isEqualTo(improvements);
    }

    @Test
    void aStopIsTakenAfterTheStepAndSavesIt() {
        AtomicInteger asked = new AtomicInteger();
        Runs.Outcome outcome =
                Runs.train(Runs.smoke("train.checkpoint_every=1000"), folder, () -> asked.incrementAndGet() > 3);
        assertThat(outcome.result().status()).isEqualTo(RunStatus.KILLED);
        assertThat(outcome.result().steps()).isEqualTo(3);
        assertThat(folder.resolve("step-0000003.safetensors")).exists();
    }

    /** Every optimizer keeps other moments, and every one goes on from them. */
    @Test
    void aStoppedRunGoesOnAsIfItHadNotBeen() {
        for (String optimizer : List.of(
                "adamw train.ema=0.9",
                "adamw train.ema=0.9 model.router=frozen train.router_steps=7 train.weight_decay=0.5",
                "adamw model.router=hash",
                "adamw model.router=random model.drop_tokens=false",
                "amsgrad",
                "noam train.schedule=noam train.update=reference",
                "adam " + Runs.EVERY_ROUTER,
                "muon train.ema=0.9 train.schedule=wsd " + Runs.EVERY_ROUTER)) {
            Experiment experiment =
                    Runs.smoke("train.steps=9 train.accumulate=2 train.eval_every=4 train.eval_batches=1 "
                            + "train.sample_length=1 train_fraction=0.99 train.optimizer=" + optimizer);
            Path other = folder.resolve(Integer.toHexString(optimizer.hashCode()));
            Runs.Outcome whole = Runs.train(experiment, folder, () -> false);
            AtomicInteger asked = new AtomicInteger();
            Runs.Outcome first = Runs.train(experiment, other, () -> asked.incrementAndGet() > 5);
            assertThat(first.result().steps()).isEqualTo(5);
            Runs.Outcome rest =
                    Runs.train(experiment, other, () -> false, Checkpoints.latest(other, notice -> fail(notice)));
            assertThat(rest.result().metricsDigest()).isEqualTo(whole.result().metricsDigest());
            assertThat(rest.result().trainCrossEntropy())
                    .isEqualTo(whole.result().trainCrossEntropy());
            assertThat(rest.result().checkpoints().get(9))
                    .isEqualTo(whole.result().checkpoints().get(9));
            assertThat(rest.log().metrics.get("train/loss")).hasSize(4);
            Map<String, String> texts = new TreeMap<>(first.log().texts);
            texts.putAll(rest.log().texts);
            assertThat(texts).isEqualTo(whole.log().texts).containsKey("routing/step-000008.json");
        }
    }

    /** The statistics follow, by the index of the layer in the transformer; the bias moves from zero. */
    @Test
    void everyRouterSettingIsLogged() {
        Runs.Outcome outcome = Runs.train(
                Runs.smoke("train.steps=3 train.log_every=1 train.sample_every=0 " + Runs.EVERY_ROUTER),
                folder,
                () -> false);
        Map<String, List<Double>> metrics = outcome.log().metrics;
        assertThat(metrics).doesNotContainKeys("layer0/router_entropy", "layer2/router_entropy");
        assertThat(metrics.get("train/z_loss")).hasSize(3).allMatch(loss -> loss > 0);
        double load = 0;
        double first = 0;
        for (int expert = 0; expert < 6; expert++) {
            load += metrics.get("layer1/load/expert" + expert).get(2);
            first += metrics.get("layer1/first_choice/expert" + expert).get(2);
            List<Double> bias = metrics.get("layer1/selection_bias/expert" + expert);
            assertThat(bias.get(0)).isZero();
            assertThat(bias.get(1)).isNotZero();
        }
        assertThat(load).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-9));
        assertThat(first).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-9));
    }

    /** Without a loss the bias alone evens out the load. */
    @Test
    void theSelectionBiasBalances() {
        String common = "train.steps=120 train.sample_every=0 train.eval_every=1000 model.drop_tokens=false"
                + " train.load_balance=0 train.checkpoint_every=1000 ";
        Runs.Outcome without = Runs.train(Runs.smoke(common), folder, () -> false);
        Runs.Outcome with = Runs.train(Runs.smoke(common + "train.selection_bias_rate=0.01"), folder, () -> false);
        assertThat(lateViolation(with)).isLessThan(0.6 * lateViolation(without));
    }

    private static double lateViolation(Runs.Outcome outcome) {
        double sum = 0;
        for (int layer = 0; layer < 2; layer++) {
            List<Double> violation = outcome.log().metrics.get("layer" + layer + "/max_violation");
            sum += violation.subList(violation.size() - 5, violation.size()).stream()
                    .mapToDouble(v -> v)
                    .sum();
        }
        return sum;
    }

    @Test
    void accumulationEqualsTheLargerBatch() {
        String common =
                "train.steps=4 model.router_jitter=0 model.drop_tokens=false train.load_balance=0 train.sample_every=0 ";
        Runs.Outcome large = Runs.train(Runs.smoke(common + "train.batch_size=16"), folder, () -> false);
        Runs.Outcome small =
                Runs.train(Runs.smoke(common + "train.batch_size=8 train.accumulate=2"), folder, () -> false);
        List<Double> expected = large.log().metrics.get("train/loss");
        List<Double> actual = small.log().metrics.get("train/loss");
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).isCloseTo(expected.get(i), org.assertj.core.data.Offset.offset(1e-5));
        }
    }

    @Test
    void divergenceStopsWithOneClearLine() {
        Experiment experiment = Runs.smoke(
                "train.learning_rate=1e30 train.grad_clip=0 train.warmup=0 train.schedule=constant train.sample_every=0");
        assertThatThrownBy(() -> Runs.train(experiment, folder, () -> false))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("training diverged at step")
                .hasMessageContaining("train.learning_rate");
    }

    @Test
    void denseModelsTrainWithoutRouting() {
        Runs.Outcome outcome =
                Runs.train(Runs.smoke("train.steps=3 model.feed_forward=dense model.n_experts=1"), folder, () -> false);
        assertThat(outcome.log().metrics).doesNotContainKey("layer0/router_entropy");
        assertThat(outcome.log().metrics.get("train/load_balance")).containsOnly(0.0);
        assertThat(outcome.log().texts).containsOnlyKeys("samples/step-000003.txt");
    }
}
