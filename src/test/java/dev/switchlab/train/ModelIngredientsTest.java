package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import ai.djl.Device;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.data.TextData;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.nn.StateDict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Norms, activation, norms of queries and keys, and the table of bigrams, all at once, from the first weights to a
 * text.
 */
@Tag("slow")
class ModelIngredientsTest {

    private static final String ALL =
            "model.norm=rms model.activation=relu2 model.gated=true model.qk_norm=true model.bigram=true";
    private static final String DENSE = " model.feed_forward=dense model.n_experts=1";

    private static final Sampler SAMPLER = new Sampler(1, 0);

    @TempDir
    Path folder;

    /** Names and shapes as in PyTorch: RMSNorm has a weight and no bias. */
    @Test
    void whatTheyChangeInTheStateDict() {
        String sizes = "model.n_layers=1 model.n_experts=2 model.d_model=8 model.heads=2 model.gated=true ";
        Map<String, StateDict.Weight> without = weights(sizes);
        Map<String, StateDict.Weight> with = weights(sizes + ALL.replace("model.gated=true ", ""));
        String layer = "transformer.layers.0.";
        Set<String> gone = new HashSet<>(without.keySet());
        gone.removeAll(with.keySet());
        assertThat(gone)
                .containsExactlyInAnyOrder(
                        layer + "norm_self_attn.bias", layer + "norm_ff.bias", "transformer.norm.bias");
        Set<String> come = new HashSet<>(with.keySet());
        come.removeAll(without.keySet());
        assertThat(come)
                .containsExactlyInAnyOrder(layer + "attn.q_norm.weight", layer + "attn.k_norm.weight", "bigram.weight");
        assertThat(with.get("bigram.weight").shape()).containsExactly(3, 3);
        assertThat(with.get("bigram.weight").values()).containsOnly(0);
        assertThat(with.get(layer + "attn.q_norm.weight").shape()).containsExactly(4);
        assertThat(with.get(layer + "attn.k_norm.weight").values()).containsOnly(1);
        // No other first weights change.
        without.forEach((name, weight) -> {
            if (with.containsKey(name)) {
                assertThat(with.get(name).values()).as(name).containsExactly(weight.values());
            }
        });
    }

    private static Map<String, StateDict.Weight> weights(String settings) {
        try (LanguageModel model =
                LanguageModel.create(Experiment.of(Semantics.PAPER, settings), CharTokenizer.of("abc"), Device.cpu())) {
            return model.stateDict().weights();
        }
    }

    /** Sparse and dense, by kernels and by plain operators. */
    @ParameterizedTest
    @ValueSource(strings = {"", " model.dispatch=loop", DENSE, DENSE + " model.dispatch=loop"})
    void learnWriteAndLoad(String form) throws IOException {
        Experiment experiment = experiment(form);
        TextData data = Runs.data(experiment);
        TrainingBatches batches = data.training(experiment);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            TrainStep trainStep = new TrainStep(model);
            double[] losses = new double[experiment.train().steps()];
            for (int i = 0; i < losses.length; i++) {
                losses[i] =
                        trainStep.run(i + 1, List.of(batches.batch(i)), false).crossEntropy();
            }
            assertThat(losses[losses.length - 1]).isLessThan(losses[0] - 0.5);
            String text = new TextGenerator(model, SAMPLER).generate("It is", 80, new SplittableRandom(5));
            assertThat(text).isEqualTo(TextGeneratorTest.withoutCache(model, SAMPLER, "It is", 80, 5));
            Path file = folder.resolve("weights.safetensors");
            model.save(file);
            try (LanguageModel loaded = LanguageModel.load(file, Device.cpu())) {
                assertThat(loaded.experiment()).isEqualTo(experiment);
                assertThat(loaded.digest()).isEqualTo(model.digest());
                assertThat(new TextGenerator(loaded, SAMPLER).generate("It is", 80, new SplittableRandom(5)))
                        .isEqualTo(text);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", DENSE + " model.dispatch=loop"})
    void aStoppedRunGoesOnToTheSameBits(String form) {
        Experiment experiment = experiment(form);
        Runs.Outcome whole = Runs.train(experiment, folder.resolve("whole"), () -> false);
        AtomicInteger asked = new AtomicInteger();
        Path other = folder.resolve("other");
        Runs.train(experiment, other, () -> asked.incrementAndGet() > 11);
        Runs.Outcome rest =
                Runs.train(experiment, other, () -> false, Checkpoints.latest(other, notice -> fail(notice)));
        assertThat(rest.result().metricsDigest()).isEqualTo(whole.result().metricsDigest());
    }

    private static Experiment experiment(String form) {
        return Runs.smoke("train.steps=30 train.eval_every=30 train.eval_batches=1 train.sample_every=0"
                + " train.checkpoint_every=1000 train_fraction=0.99 model.drop_tokens=false "
                + ALL + form);
    }
}
