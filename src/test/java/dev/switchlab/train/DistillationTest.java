package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DistillationTest {

    private static final Experiment STUDENT = Runs.smoke(
            "model.dropout=0 model.expert_dropout=0 model.feed_forward=dense model.n_experts=1 train.grad_clip=0");
    private static final TextData DATA = Runs.data(STUDENT);
    private static final List<Batch> BATCH = List.of(DATA.training(STUDENT).batch(0));

    private static LanguageModel model(Experiment experiment) {
        return LanguageModel.create(experiment, DATA.tokenizer(), Device.cpu());
    }

    private static StepMetrics step(LanguageModel student, Optional<LanguageModel> teacher) {
        TrainStep step = new TrainStep(student);
        teacher.ifPresent(step::learnFrom);
        return step.run(1, BATCH, false);
    }

    /** The cross-entropy with one's own probabilities has its minimum there. */
    @Test
    void aTeacherThatIsTheStudentTeachesNothing() {
        Experiment alone = STUDENT.with("train.teacher_weight=1");
        try (LanguageModel student = model(alone);
                LanguageModel teacher = model(alone);
                LanguageModel other = model(alone.with("seed=9"))) {
            StepMetrics same = step(student, Optional.of(teacher));
            assertThat(same.gradNorm()).isLessThan(1e-5);
            assertThat(same.loss()).isEqualTo(same.teacherCrossEntropy().orElseThrow());
            try (LanguageModel again = model(alone)) {
                assertThat(step(again, Optional.of(other)).gradNorm()).isGreaterThan(1e-3);
            }
        }
    }

    @Test
    void aWeightOfZeroIsTrainingWithoutATeacher() {
        try (LanguageModel student = model(STUDENT.with("train.teacher_weight=0"));
                LanguageModel alone = model(STUDENT);
                LanguageModel teacher = model(Runs.smoke("model.n_experts=4 seed=9"))) {
            String before = teacher.digest();
            StepMetrics taught = step(student, Optional.of(teacher));
            StepMetrics untaught = step(alone, Optional.empty());
            assertThat(taught.loss()).isEqualTo(untaught.loss());
            assertThat(taught.gradNorm()).isEqualTo(untaught.gradNorm());
            assertThat(student.digest()).isEqualTo(alone.digest());
            assertThat(teacher.digest()).isEqualTo(before);
            assertThat(untaught.metrics()).doesNotContainKey("train/teacher_cross_entropy");
        }
    }

    @Test
    void theLossIsTheMixture() {
        try (LanguageModel student = model(STUDENT);
                LanguageModel teacher = model(Runs.smoke("model.n_experts=4 seed=9"))) {
            StepMetrics taught = step(student, Optional.of(teacher));
            assertThat(taught.loss())
                    .isCloseTo(
                            0.75 * taught.crossEntropy()
                                    + 0.25 * taught.teacherCrossEntropy().orElseThrow(),
                            org.assertj.core.api.Assertions.within(1e-6));
            assertThat(taught.metrics()).containsKey("train/teacher_cross_entropy");
        }
    }
}
