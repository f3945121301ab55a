package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Experiment.InitParts;
import dev.switchlab.nn.StateDict.Weight;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that begin with the weights of others. */
class InitialWeightsTest {

    private static final String SIZE = "model.n_layers=2 model.d_model=16 model.d_ff=24 model.heads=2";
    private static final Experiment DENSE = Runs.smoke(SIZE, "model.feed_forward=dense model.n_experts=1 seed=5");
    private static final Experiment SPARSE =
            Runs.smoke(SIZE, "model.n_experts=4 model.drop_tokens=false model.normalize_gates=true seed=6");
    private static final TextData DATA = Runs.data(DENSE);

    @TempDir
    Path folder;

    private static LanguageModel model(Experiment experiment) {
        return LanguageModel.create(experiment, DATA.tokenizer(), Device.cpu());
    }

    private WeightsFile file(LanguageModel model) throws IOException {
        Path file = folder.resolve("weights.safetensors");
        model.save(file);
        return WeightsFile.read(file);
    }

    private static float[] logits(LanguageModel model) {
        Batch batch = DATA.validation(DENSE).get(0);
        return model.evaluate(
                batch,
                model.evaluationDropPolicy(0, 0),
                output -> output.logits().toFloatArray());
    }

    /** Experts are copies, and a gate of one makes it irrelevant which of them the drawn router chooses. */
    @Test
    void anUpcycledModelComputesWhatTheDenseModelDoes() throws IOException {
        try (LanguageModel dense = model(DENSE);
                LanguageModel sparse = model(SPARSE)) {
            float[] before = logits(sparse);
            Map<String, Weight> drawn = sparse.stateDict().weights();
            sparse.beginWith(file(dense), InitParts.ALL);
            float[] expected = logits(dense);
            assertThat(before).isNotEqualTo(expected);
            assertThat(logits(sparse)).hasSameSizeAs(expected).containsExactly(expected, within(1e-5f));
            String router = "transformer.layers.0.feed_forward.switch.weight";
            assertThat(sparse.stateDict().weights().get(router).values())
                    .isEqualTo(drawn.get(router).values());
        }
    }

    @Test
    void allOfAModelIsThatModel() throws IOException {
        try (LanguageModel one = model(SPARSE);
                LanguageModel other = model(SPARSE.with("seed=7"))) {
            other.beginWith(file(one), InitParts.ALL);
            assertThat(other.digest()).isEqualTo(one.digest());
        }
    }

    @Test
    void withoutExpertsADenseModelBeginsWithTheRest() throws IOException {
        try (LanguageModel sparse = model(SPARSE);
                LanguageModel dense = model(DENSE)) {
            Map<String, Weight> drawn = dense.stateDict().weights();
            dense.beginWith(file(sparse), InitParts.NON_EXPERT);
            Map<String, Weight> trained = sparse.stateDict().weights();
            dense.stateDict()
                    .weights()
                    .forEach((name, weight) -> assertThat(weight.values())
                            .as(name)
                            .isEqualTo((name.contains("feed_forward") ? drawn : trained)
                                    .get(name)
                                    .values()));
        }
    }

    @Test
    void whatDoesNotFitIsNamedAndChangesNothing() throws IOException {
        try (LanguageModel sparse = model(SPARSE);
                LanguageModel dense = model(DENSE);
                LanguageModel wide = model(DENSE.with("model.d_ff=32"));
                LanguageModel many = model(SPARSE.with("model.n_experts=8"))) {
            String before = dense.digest();
            WeightsFile file = file(sparse);
            assertThatThrownBy(() -> dense.beginWith(file, InitParts.ALL))
                    .hasMessageStartingWith("weights do not fit the model: missing"
                            + " 'transformer.layers.0.feed_forward.layer1.bias',")
                    .hasMessageContaining("unexpected 'transformer.layers.0.feed_forward.experts.0.layer1.bias'");
            assertThat(dense.digest()).isEqualTo(before);
            assertThatThrownBy(() -> many.beginWith(file, InitParts.ALL))
                    .hasMessageContaining("missing 'transformer.layers.0.feed_forward.experts.4.layer1.bias'");
            WeightsFile narrow = file(dense);
            assertThatThrownBy(() -> wide.beginWith(narrow, InitParts.ALL))
                    .hasMessageContaining("has shape (24, 16), the model needs (32, 16)");
        }
    }
}
