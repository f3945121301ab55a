package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.base.Splitter;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ExperimentTest {

    /** Left labml's, right the paper's. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            model.dropped_tokens | pass_through | zero
            model.drop_order | random | position
            model.replicas | identical | independent
            model.init | torch | truncated_normal
            model.init_scale | | 0.1
            model.positions | none |
            model.router_bias | true | false
            model.is_scale_prob | true |
            model.capacity_factor | 1.2 | 1.25
            model.eval_capacity_factor | 1.2 | 2.0
            model.min_capacity | 0 | 4
            model.eval_min_capacity | 0 | 4
            train.optimizer | noam |
            train.schedule | noam |
            train.update | reference |
            train.learning_rate | 1.0 |
            train.warmup | 2000 |
            train.eps | 1.0E-8 |
            """)
    void defaultsFollowFromTheSemantics(String setting, String reference, String paper) {
        if (reference != null) {
            assertThat(Experiment.of(Semantics.REFERENCE).toParams()).containsEntry(setting, reference);
        }
        if (paper != null) {
            assertThat(Experiment.of(Semantics.PAPER).toParams()).containsEntry(setting, paper);
        }
    }

    /** The first assignments are of the experiment's file, the second of a change to the resolved experiment. */
    @ParameterizedTest
    @CsvSource({
        "REFERENCE, model.capacity_factor=0.5, '', 0.5",
        "REFERENCE, '', model.capacity_factor=0.5, 0.5",
        "REFERENCE, model.eval_capacity_factor=2, model.capacity_factor=0.5, 2.0",
        "PAPER, model.capacity_factor=0.5, '', 2.0",
    })
    void inReferenceSemanticsTheEvaluationCapacityFollows(
            Semantics semantics, String first, String second, double evalCapacityFactor) {
        assertThat(Experiment.of(semantics, first).with(second).model().evalCapacityFactor())
                .isEqualTo(evalCapacityFactor);
    }

    @Test
    void noamBringsItsScheduleAndLearningRate() {
        assertThat(Experiment.of(Semantics.PAPER, "train.optimizer=noam").toParams())
                .contains(
                        entry("train.schedule", "noam"),
                        entry("train.learning_rate", "1.0"),
                        entry("train.warmup", "2000"));
        assertThat(Experiment.of(Semantics.PAPER, "train.optimizer=noam train.warmup=100")
                        .train()
                        .warmup())
                .isEqualTo(100);
    }

    @Test
    void capacityIsTheReferencesTruncationInDoublePrecision() {
        ModelConfig model = Experiment.of(Semantics.REFERENCE).model();
        assertThat(model.capacity(2048, true)).isEqualTo(614);
        assertThat(model.capacity(3, true)).isZero();
        assertThat(Experiment.of(Semantics.REFERENCE, "model.n_experts=1 model.capacity_factor=0.1")
                        .model()
                        .capacity(30, true))
                .as("3.0000000000000004")
                .isEqualTo(3);
        ModelConfig paper = Experiment.of(Semantics.PAPER).model();
        assertThat(paper.capacity(2048, true)).isEqualTo(640);
        assertThat(paper.capacity(2048, false)).isEqualTo(1024);
        assertThat(paper.capacity(3, true)).isEqualTo(4);
    }

    @Test
    void withChangesWhatItNamesAndNothingElse() {
        Experiment before = Experiment.of(Semantics.PAPER);
        Experiment after = before.with("train.steps=5", "model.n_experts=8 seed=7");
        assertThat(after.train().steps()).isEqualTo(5);
        assertThat(after.model().nExperts()).isEqualTo(8);
        assertThat(after.seed()).isEqualTo(7);
        assertThat(after.with("train.steps=2000 model.n_experts=4 seed=1")).isEqualTo(before);
    }

    @ParameterizedTest
    @EnumSource(Semantics.class)
    void theYamlLoadsBackToAnEqualRecord(Semantics semantics) {
        Experiment experiment = Experiment.of(semantics, "model.dropout=0.1 train.learning_rate=1.2345678901234567e-5");
        assertThat(ExperimentLoader.parse(experiment.toYaml(), "stored")).isEqualTo(experiment);
    }

    static Stream<String> texts() {
        String printable =
                "null|~|no|true|12|1e5|0x10|a: b|a #b|- a|* a|&a|!a|%a|@a|`a| lead|trail |quo\"te|it's|back\\slash"
                        + "|{a}|[a]|?|é \uD83D\uDE00|---|...|:|=|<<";
        String others = "tab\there|two\nlines|two\nlines\n|\nfirst|\u0001|a\r\nb|\u2028|\uFEFF";
        return Splitter.on('|').splitToStream(printable + "|" + others);
    }

    @ParameterizedTest
    @MethodSource("texts")
    void textsOfEveryKindSurviveTheYaml(String text) throws JsonProcessingException {
        // JSON is YAML, and its escapes say exactly which text is meant.
        JsonMapper json =
                JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
        String yaml = "{id: x, about: %1$s, semantics: paper, corpus: %2$s, train: {sample_prompt: %1$s}}"
                .formatted(json.writeValueAsString(text), json.writeValueAsString("c" + text));
        Experiment experiment = ExperimentLoader.parse(yaml, "given");
        assertThat(experiment.train().samplePrompt()).isEqualTo(text);
        assertThat(experiment.corpus()).isEqualTo("c" + text);
        assertThat(ExperimentLoader.parse(experiment.toYaml(), "stored")).isEqualTo(experiment);
    }

    @Test
    void paramsAreEverySettingInFileOrder() {
        Experiment experiment = Experiment.of(Semantics.REFERENCE);
        assertThat(experiment.toParams())
                .contains(
                        entry("semantics", "reference"),
                        entry("seed", "1"),
                        entry("model.d_model", "128"),
                        entry("model.d_ff", "256"),
                        entry("model.is_scale_prob", "true"),
                        entry("model.dropped_tokens", "pass_through"),
                        entry("train.optimizer", "noam"),
                        entry("train.eps", "1.0E-8"))
                .doesNotContainKeys("id", "about", "model", "train")
                .hasSize(9
                        + ModelConfig.class.getRecordComponents().length
                        + TrainConfig.class.getRecordComponents().length);
        assertThat(experiment.toParams().keySet())
                .startsWith("semantics", "seed", "corpus")
                .endsWith("train.sample_prompt");
    }
}
