package dev.switchlab.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.train.LanguageModel;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tech.tablesaw.api.Table;

/** A model at the prompt, whatever its layers are. */
class LabModelTest {

    private static final String TEXT = "To be, or not to be";

    private static LabModel model(String settings) {
        Experiment experiment = Experiment.of(
                Semantics.PAPER,
                "model.n_layers=4 model.d_model=8 model.heads=2 model.d_ff=4 train.seq_len=8 train.batch_size=2",
                settings);
        return new LabModel(LanguageModel.create(experiment, CharTokenizer.of(TEXT), Device.cpu()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.n_experts=3|4 layers, 3 experts",
                "model.n_experts=1|4 layers, 1 expert",
                "model.n_experts=8 model.top_k=3|4 layers, 8 experts (3 per token)",
                "model.n_experts=8 model.shared_experts=2 model.moe_every=2|4 layers, 8 experts (2 shared) in every 2nd",
                "model.n_experts=8 model.top_k=2 model.shared_experts=1 model.moe_every=3|4 layers, 8 experts (2 per token, 1 shared) in every 3rd",
                "model.feed_forward=dense model.n_experts=1|4 layers, dense"
            })
    void itSaysWhatItIs(String settings, String words) {
        try (LabModel model = model(settings)) {
            assertThat(model.toString()).contains(" parameters, " + words + ", width 8, ");
        }
    }

    /** A path may have spaces. */
    @Test
    void experimentsAreOnTheCorpusThatWasGivenToMake() {
        assertThat(Lab.experiment("smoke", "my texts/mine.txt").experiment())
                .isEqualTo(Lab.experiment("smoke", "")
                        .with("corpus='my texts/mine.txt'")
                        .experiment());
        assertThat(Lab.experiment("smoke", " ").experiment().corpus()).isEqualTo("dickens");
    }

    @Test
    void mixedLayersOfSeveralChoicesAreRouted() {
        try (LabModel model = model("model.n_experts=5 model.top_k=3 model.shared_experts=1 model.moe_every=2"
                + " train.selection_bias_rate=0.001 model.router_score=sigmoid")) {
            Routes routes = model.route(TEXT);
            assertThat(routes.toString())
                    .contains("layer 1 ", "layer 3 ", "2nd", "3rd")
                    .doesNotContain("layer 0", "4th");
            Table choices = routes.tokens()
                    .where(t -> t.intColumn("layer")
                            .isEqualTo(1)
                            .and(t.intColumn("token").isEqualTo(5)));
            assertThat(choices.intColumn("expert").asList()).hasSize(3).doesNotHaveDuplicates();
            assertThat(routes.layers().intColumn("layer").asList()).isEqualTo(List.of(1, 3));
            assertThat(model.similarity().intColumn("layer").unique().asList()).containsExactly(1, 3);
            assertThat(model.selectionBias().rowCount()).isEqualTo(2 * 5);
            assertThat(model.sample("To ", 5, 0, 1)).startsWith("To ").hasSize(8);
        }
    }

    @Test
    void aModelWithoutSelectionBiasSaysSo() {
        try (LabModel model = model("model.n_experts=3")) {
            assertThatThrownBy(model::selectionBias)
                    .isInstanceOf(LabException.class)
                    .hasMessageContaining("has no selection bias; take one with train.selection_bias_rate=0.001");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"1st", "2nd", "3rd", "4th", "10th", "11th", "12th", "13th", "21st", "22nd", "103rd", "112th"})
    void ordinals(String ordinal) {
        assertThat(LabModel.ordinal(Integer.parseInt(ordinal.replaceAll("\\D", ""))))
                .isEqualTo(ordinal);
    }
}
