package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryEstimateTest {

    private static final int VOCABULARY = 65;

    private static MemoryEstimate estimate(String set, int ranks, boolean sharded) {
        Experiment experiment = ExperimentLoader.load("miniature", List.of(set), Path.of("experiments"));
        return new MemoryEstimate(experiment, VOCABULARY, ranks, sharded);
    }

    /** It must never refuse what fits. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "model.n_experts=7 model.moe_every=2 model.n_layers=5",
                "model.router=random model.n_experts=64 model.d_ff=1 model.feed_forward_bias=false",
                "model.shared_experts=2 model.top_k=2 model.moe_every=2 model.n_layers=3",
                "model.feed_forward=dense model.n_experts=1",
                "model.gated=true model.positions=learned model.bigram=true"
            })
    void itIsCloseToWhatAModelHasAndNeverAbove(String set) {
        MemoryEstimate estimate = estimate(set, 1, false);
        String vocabulary = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,";
        try (LanguageModel model =
                LanguageModel.create(estimate.experiment(), CharTokenizer.of(vocabulary), Device.cpu())) {
            assertThat(estimate.weights()).isBetween(0.95 * model.parameters(), (double) model.parameters());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "model.n_experts=2000000000, model.n_experts is 2000000000, model.n_experts=",
        "model.d_model=4000000, model.d_model is 4000000, model.d_model=",
        "model.d_ff=2000000000, model.d_ff is 2000000000, model.d_ff=",
        "model.n_layers=2000000000, model.n_layers is 2000000000, model.n_layers=",
        "train.batch_size=2000000, train.batch_size is 2000000, train.batch_size="
    })
    void theSettingAndAValueThatFitsAreNamed(String set, String setting, String example) {
        OptionalLong available = OptionalLong.of(8_000_000_000L);
        assertThatThrownBy(() -> estimate(set, 1, false).require(available))
                .isInstanceOf(TrainingException.class)
                .hasMessageStartingWith(setting)
                .hasMessageContaining("but 8.0 GB of memory are available; example that fits: " + example)
                .message()
                .doesNotContain("\n")
                .satisfies(message -> {
                    String fits = message.substring(message.lastIndexOf(' ') + 1);
                    estimate(fits, 1, false).require(available);
                });
        estimate(set, 1, false).require(OptionalLong.empty());
    }

    @ParameterizedTest
    @CsvSource({"false, 3.0", "true, 1.0"})
    void ranksShareExpertsOrHaveTheirOwn(boolean sharded, double times) {
        String wide = "model.d_ff=100000";
        assertThat(estimate(wide, 3, sharded).bytes("", 0)
                        / estimate(wide, 1, false).bytes("", 0))
                .isBetween(0.97 * times, 1.03 * times);
    }
}
