package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.data.Batch;
import dev.switchlab.data.TextData;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.AutoregressiveModel;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.Routing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("slow")
class RoutingProbeTest {

    private static final String RANDOM_DROPPING =
            "model.drop_order=random model.eval_capacity_factor=0.6 model.capacity_factor=0.8 ";

    /** What a probe does with a model that has had a few steps. */
    private interface Check {
        void on(LanguageModel model, TextData data, RoutingProbe probe);
    }

    private static void check(String settings, Check check) {
        Experiment experiment = Runs.smoke(settings);
        TextData data = Runs.data(experiment);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            train(model, data, 0, 3);
            check.on(model, data, RoutingProbe.of(model, data).orElseThrow());
        }
    }

    private static List<Double> train(LanguageModel model, TextData data, int from, int steps) {
        TrainStep trainStep = new TrainStep(model);
        TrainingBatches batches = data.training(model.experiment());
        List<Double> losses = new ArrayList<>();
        for (int step = from + 1; step <= from + steps; step++) {
            losses.add(
                    trainStep.run(step, List.of(batches.batch(step - 1)), false).loss());
        }
        return losses;
    }

    /** Nothing is dropped, so what shares a batch does not matter: a window alone is routed the same. */
    @Test
    void eachTokenHasTheExpertOfItsOwnWindow() {
        check("model.drop_tokens=false train.batch_size=24", (model, data, probe) -> {
            RoutingSnapshot snapshot = probe.at(model, 3);
            assertThat(snapshot.step()).isEqualTo(3);
            assertThat(snapshot.experts()).isEqualTo(4);
            assertThat(snapshot.layers()).hasSize(2);
            int same = 0;
            for (int window = 0; window < snapshot.text().size(); window++) {
                List<Routing> alone = route(model, snapshot.text().get(window));
                for (int layer = 0; layer < 2; layer++) {
                    for (int s = 0; s < snapshot.seqLen(); s++) {
                        int expert = snapshot.layers().get(layer)[window * snapshot.seqLen() + s];
                        same += alone.get(layer).plan().route(s) == expert ? 1 : 0;
                    }
                }
            }
            // Another batch size rounds otherwise, which may turn a tie.
            assertThat(same / (2.0 * snapshot.tokens())).isGreaterThan(0.999);
        });
    }

    private static List<Routing> route(LanguageModel model, String text) {
        long[] tokens =
                Arrays.stream(model.tokenizer().encode(text)).asLongStream().toArray();
        return model.evaluate(
                new Batch(tokens, new long[0], tokens.length, 1),
                DropPolicy.byPosition(),
                AutoregressiveModel.Output::routing);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "train.batch_size=16 train.seq_len=32 train.eval_batches=4 | 64", // the whole sample
                "train.batch_size=16 train.seq_len=32 train.eval_batches=40 | 128", // 4,096 tokens of it
                "train.batch_size=48 train.seq_len=32 train.eval_batches=40 | 96", // two whole batches
                "train.batch_size=500 train.seq_len=32 train.eval_batches=1 | 128", // a part of a batch
                "train.batch_size=2 train.seq_len=5000 train.eval_batches=1 | 1", // one whole window at least
            })
    void theTextIsAPartOfTheValidationSample(String settings, int windows) {
        Experiment experiment = Runs.smoke(settings);
        TextData data = Runs.data(experiment);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            List<String> text =
                    RoutingProbe.of(model, data).orElseThrow().at(model, 0).text();
            assertThat(text).hasSize(windows).doesNotHaveDuplicates();
            Set<String> sample = new HashSet<>();
            for (Batch batch : data.validationSample(experiment)) {
                for (int b = 0; b < batch.batchSize(); b++) {
                    StringBuilder window = new StringBuilder();
                    for (int s = 0; s < batch.seqLen(); s++) {
                        int token = Math.toIntExact(batch.tokens()[s * batch.batchSize() + b]);
                        window.append(model.tokenizer().decode(token));
                    }
                    sample.add(window.toString());
                }
            }
            assertThat(sample).containsAll(text);
        }
    }

    /** Whatever else was done with the model, and whatever step it is called: only the weights count. */
    @Test
    void theSameWeightsAreRoutedTheSame() {
        check(RANDOM_DROPPING, (model, data, probe) -> {
            List<int[]> layers = probe.at(model, 3).layers();
            new Evaluator(model, data).evaluate(data.validationSample(model.experiment()), 3);
            new TextGenerator(model, new Sampler(1, 0)).generate("The ", 5, new SplittableRandom(1));
            assertThat(probe.at(model, 4).layers()).usingRecursiveComparison().isEqualTo(layers);
            RoutingProbe another = RoutingProbe.of(model, data).orElseThrow();
            assertThat(another.at(model, 5).layers()).usingRecursiveComparison().isEqualTo(layers);

            train(model, data, 3, 3);
            assertThat(probe.at(model, 6).layers()).usingRecursiveComparison().isNotEqualTo(layers);
        });
    }

    /** With another order of dropping the second layer sees other inputs: the test above tests something. */
    @Test
    void randomDroppingReachesTheRouting() {
        List<List<int[]>> routed = new ArrayList<>();
        for (String order : List.of(RANDOM_DROPPING, RANDOM_DROPPING.replace("order=random", "order=position"))) {
            Experiment experiment = Runs.smoke(order + "model.dropped_tokens=zero");
            TextData data = Runs.data(experiment);
            try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
                routed.add(
                        RoutingProbe.of(model, data).orElseThrow().at(model, 0).layers());
            }
        }
        assertThat(routed.get(0).get(0)).isEqualTo(routed.get(1).get(0));
        assertThat(routed.get(0).get(1)).isNotEqualTo(routed.get(1).get(1));
    }

    /** Neither a weight, nor a random number of the engine or of a stream, nor a native array. */
    @Test
    void trainingDoesNotNoticeIt() {
        String settings = RANDOM_DROPPING + "model.dropout=0.1 model.router_jitter=0.05";
        List<Double> losses = new ArrayList<>();
        check(settings, (model, data, probe) -> {
            probe.at(model, 0); // Constants that the model keeps are made now.
            String digest = model.digest();
            int arrays = MemoryTest.liveArrays();
            float[] expected = engineNoise(() -> {});
            assertThat(engineNoise(() -> probe.at(model, 3))).isEqualTo(expected);
            assertThat(MemoryTest.liveArrays()).isEqualTo(arrays);
            assertThat(model.digest()).isEqualTo(digest);
            for (int step = 3; step < 6; step++) {
                losses.addAll(train(model, data, step, 1));
                probe.at(model, step);
            }
        });
        check(settings, (model, data, probe) -> {
            List<Double> without = new ArrayList<>();
            for (int step = 3; step < 6; step++) {
                without.addAll(train(model, data, step, 1));
            }
            assertThat(losses).isEqualTo(without);
        });
    }

    /** What the engine's generator gives after {@code action}. */
    private static float[] engineNoise(Runnable action) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            Engine.getInstance().setRandomSeed(5);
            action.run();
            try (NDArray noise = manager.randomUniform(0, 1, new Shape(8))) {
                return noise.toFloatArray();
            }
        }
    }

    @Test
    void oneExpertGetsEverything() {
        check("model.n_experts=1", (model, data, probe) -> {
            RoutingSnapshot snapshot = probe.at(model, 0);
            assertThat(snapshot.experts()).isEqualTo(1);
            assertThat(snapshot.layers()).allSatisfy(layer -> assertThat(layer).containsOnly(0));
        });
    }

    @Test
    void aDenseModelHasNone() {
        Experiment experiment = Runs.smoke("model.feed_forward=dense model.n_experts=1");
        TextData data = Runs.data(experiment);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            assertThat(RoutingProbe.of(model, data)).isEmpty();
        }
    }
}
