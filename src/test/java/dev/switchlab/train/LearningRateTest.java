package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LearningRateTest {

    /** Values read off the reference's own run. */
    @Test
    void noamEqualsTheReference() {
        assertThat(LearningRate.noam(1, 2000, 128, 1)).isEqualTo(9.88e-7, within(1e-9));
        assertThat(LearningRate.noam(1, 2000, 128, 2000)).isEqualTo(1.976e-3, within(1e-6));
        assertThat(LearningRate.noam(1, 2000, 128, 8000)).isEqualTo(0.988e-3, within(1e-6));
    }

    /** Ten steps up, of 110; wsd then stays at the peak for 34 and falls for the last 66. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cosine train.final_learning_rate=0.1 | 1 | 0.1 | 1e-12",
                "cosine train.final_learning_rate=0.1 | 10 | 1 | 1e-12",
                "cosine train.final_learning_rate=0.1 | 60 | 0.55 | 1e-12",
                "cosine train.final_learning_rate=0.1 | 110 | 0.1 | 1e-12",
                "constant | 5 | 0.5 | 1e-12",
                "constant | 100 | 1 | 0",
                "linear train.final_learning_rate=0.1 | 1 | 0.1 | 1e-12",
                "linear train.final_learning_rate=0.1 | 10 | 1 | 1e-12",
                "linear train.final_learning_rate=0.1 | 11 | 0.991 | 1e-12",
                "linear train.final_learning_rate=0.1 | 35 | 0.775 | 1e-12",
                "linear train.final_learning_rate=0.1 | 110 | 0.1 | 1e-12",
                "linear train.final_learning_rate=0 | 110 | 0 | 0",
                "wsd train.decay_share=0.6 train.final_learning_rate=0.1 | 5 | 0.5 | 1e-12",
                "wsd train.decay_share=0.6 train.final_learning_rate=0.1 | 10 | 1 | 1e-12",
                "wsd train.decay_share=0.6 train.final_learning_rate=0.1 | 27 | 1 | 1e-12",
                "wsd train.decay_share=0.6 train.final_learning_rate=0.1 | 44 | 1 | 1e-12",
                "wsd train.decay_share=0.6 train.final_learning_rate=0.1 | 45 | 0.986363636363636 | 1e-12",
                "wsd train.decay_share=0.6 train.final_learning_rate=0.1 | 77 | 0.55 | 1e-12",
                "wsd train.decay_share=0.6 train.final_learning_rate=0.1 | 110 | 0.1 | 1e-12",
            })
    void warmsUpAndFollowsItsSchedule(String schedule, int step, double expected, double tolerance) {
        assertThat(rate("train.schedule=" + schedule).at(step)).isEqualTo(expected, within(tolerance));
    }

    /** A decay longer than what the warm-up leaves is that of linear. */
    @Test
    void wsdNeverFallsBeforeTheWarmUpIsOver() {
        LearningRate wsd = rate("train.schedule=wsd train.decay_share=1 train.final_learning_rate=0");
        LearningRate linear = rate("train.schedule=linear train.final_learning_rate=0");
        for (int step = 1; step <= 110; step++) {
            assertThat(wsd.at(step)).isEqualTo(linear.at(step));
        }
    }

    /** A run that is shorter is all warm-up. */
    @Test
    void noScheduleFallsBeforeTheWarmUpIsOver() {
        for (String schedule : List.of("constant", "cosine", "linear", "wsd")) {
            Experiment experiment = experiment("train.schedule=" + schedule).with("train.warmup=220");
            LearningRate rate = new LearningRate(experiment.train(), 128);
            assertThat(rate.at(110)).as(schedule).isEqualTo(0.5, within(1e-12));
        }
    }

    private static LearningRate rate(String settings) {
        return new LearningRate(experiment(settings).train(), 128);
    }

    private static Experiment experiment(String settings) {
        return Experiment.of(
                Semantics.PAPER,
                "train.optimizer=adam train.learning_rate=1 train.warmup=10 train.steps=110 " + settings);
    }
}
