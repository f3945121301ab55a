package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.switchlab.experiment.ModelConfig.DropOrder;
import dev.switchlab.experiment.ModelConfig.DroppedTokens;
import dev.switchlab.experiment.ModelConfig.Init;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.experiment.ModelConfig.Replicas;
import dev.switchlab.experiment.TrainConfig.OptimizerKind;
import dev.switchlab.experiment.TrainConfig.Schedule;
import dev.switchlab.experiment.TrainConfig.UpdateRule;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExperimentTest {

    @Test
    void referenceDefaultsAreLabmls() {
        ModelConfig model = Experiment.of(Semantics.REFERENCE).model();
        assertThat(model.droppedTokens()).isEqualTo(DroppedTokens.PASS_THROUGH);
        assertThat(model.dropOrder()).isEqualTo(DropOrder.RANDOM);
        assertThat(model.replicas()).isEqualTo(Replicas.IDENTICAL);
        assertThat(model.init()).isEqualTo(Init.TORCH);
        assertThat(model.positions()).isEqualTo(Positions.NONE);
        assertThat(model.routerBias()).isTrue();
        assertThat(model.isScaleProb()).isTrue();
        assertThat(model.minCapacity()).isZero();
        assertThat(model.evalMinCapacity()).isZero();
        assertThat(model.evalCapacityFactor()).isEqualTo(model.capacityFactor()).isEqualTo(1.2);
        TrainConfig train = Experiment.of(Semantics.REFERENCE).train();
        assertThat(train.optimizer()).isEqualTo(OptimizerKind.NOAM);
        assertThat(train.schedule()).isEqualTo(Schedule.NOAM);
        assertThat(train.update()).isEqualTo(UpdateRule.REFERENCE);
        assertThat(train.learningRate()).isEqualTo(1.0);
        assertThat(train.warmup()).isEqualTo(2000);
        assertThat(train.eps()).isEqualTo(1e-8);
    }

    @Test
    void paperDefaultsAreThePapers() {
        ModelConfig model = Experiment.of(Semantics.PAPER).model();
        assertThat(model.droppedTokens()).isEqualTo(DroppedTokens.ZERO);
        assertThat(model.dropOrder()).isEqualTo(DropOrder.POSITION);
        assertThat(model.replicas()).isEqualTo(Replicas.INDEPENDENT);
        assertThat(model.init()).isEqualTo(Init.TRUNCATED_NORMAL);
        assertThat(model.initScale()).isEqualTo(0.1);
        assertThat(model.routerBias()).isFalse();
        assertThat(model.capacityFactor()).isEqualTo(1.25);
        assertThat(model.evalCapacityFactor()).isEqualTo(2.0);
        assertThat(model.minCapacity()).isEqualTo(4);
        assertThat(model.evalMinCapacity()).isEqualTo(4);
    }

    @Test
    void inReferenceSemanticsTheEvaluationCapacityFollows() {
        assertThat(Experiment.of(Semantics.REFERENCE, "model.capacity_factor=0.5")
                        .model()
                        .evalCapacityFactor())
                .isEqualTo(0.5);
        assertThat(Experiment.of(Semantics.REFERENCE)
                        .with("model.capacity_factor=0.5")
                        .model()
                        .evalCapacityFactor())
                .isEqualTo(0.5);
        assertThat(Experiment.of(Semantics.REFERENCE, "model.eval_capacity_factor=2")
                        .with("model.capacity_factor=0.5")
                        .model()
                        .evalCapacityFactor())
                .isEqualTo(2.0);
        assertThat(Experiment.of(Semantics.PAPER, "model.capacity_factor=0.5")
                        .model()
                        .evalCapacityFactor())
                .isEqualTo(2.0);
    }

    @Test
    void noamBringsItsScheduleAndLearningRate() {
        TrainConfig train =
                Experiment.of(Semantics.PAPER, "train.optimizer=noam").train();
        assertThat(train.schedule()).isEqualTo(Schedule.NOAM);
        assertThat(train.learningRate()).isEqualTo(1.0);
        assertThat(train.warmup()).isEqualTo(2000);
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "~",
                "no",
                "true",
                "12",
                "1e5",
                "0x10",
                "a: b",
                "a #b",
                "- a",
                "* a",
                "&a",
                "!a",
                "%a",
                "@a",
                "`a",
                " lead",
                "trail ",
                "tab\there",
                "two\nlines",
                "two\nlines\n",
                "\nfirst",
                "quo\"te",
                "it's",
                "back\\slash",
                "{a}",
                "[a]",
                "?",
                "é \uD83D\uDE00",
                "\u0001",
                "a\r\nb",
                "---",
                "...",
                ":",
                "=",
                "<<",
                "\u2028",
                "\uFEFF"
            })
    void textsOfEveryKindSurviveTheYaml(String text) throws JsonProcessingException {
        Map<String, Object> settings = Map.of(
                "id",
                "x",
                "about",
                text,
                "semantics",
                "paper",
                "corpus",
                "c" + text,
                "train",
                Map.of("sample_prompt", text));
        // JSON is YAML, and its escapes say exactly which text is meant.
        String json = JsonMapper.builder()
                .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                .build()
                .writeValueAsString(settings);
        Experiment experiment = ExperimentLoader.parse(json, "given");
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
                .hasSize(6
                        + ModelConfig.class.getRecordComponents().length
                        + TrainConfig.class.getRecordComponents().length);
        assertThat(experiment.toParams().keySet())
                .startsWith("semantics", "seed", "corpus")
                .endsWith("train.sample_prompt");
    }
}
