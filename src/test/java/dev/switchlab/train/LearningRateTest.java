package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import java.util.List;
import org.junit.jupiter.api.Test;

class LearningRateTest {

    /** Values read off the reference's own run. */
    @Test
    void noamEqualsTheReference() {
        assertThat(LearningRate.noam(1, 2000, 128, 1)).isEqualTo(9.88e-7, within(1e-9));
        assertThat(LearningRate.noam(1, 2000, 128, 2000)).isEqualTo(1.976e-3, within(1e-6));
        assertThat(LearningRate.noam(1, 2000, 128, 8000)).isEqualTo(0.988e-3, within(1e-6));
    }

    @Test
    void cosineWarmsUpThenFallsToItsLastShare() {
        LearningRate rate = rate("train.schedule=cosine train.final_learning_rate=0.1");
        assertThat(rate.at(1)).isEqualTo(0.1, within(1e-12));
        assertThat(rate.at(10)).isEqualTo(1, within(1e-12));
        assertThat(rate.at(60)).isEqualTo(0.55, within(1e-12));
        assertThat(rate.at(110)).isEqualTo(0.1, within(1e-12));
    }

    @Test
    void constantWarmsUpThenStays() {
        LearningRate rate = rate("train.schedule=constant");
        assertThat(rate.at(5)).isEqualTo(0.5, within(1e-12));
        assertThat(rate.at(100)).isEqualTo(1);
    }

    @Test
    void linearWarmsUpThenFallsInAStraightLine() {
        LearningRate rate = rate("train.schedule=linear train.final_learning_rate=0.1");
        assertThat(rate.at(1)).isEqualTo(0.1, within(1e-12));
        assertThat(rate.at(10)).isEqualTo(1, within(1e-12));
        assertThat(rate.at(11)).isEqualTo(1 - 0.9 / 100, within(1e-12));
        assertThat(rate.at(35)).isEqualTo(0.775, within(1e-12));
        assertThat(rate.at(110)).isEqualTo(0.1, within(1e-12));
        assertThat(rate("train.schedule=linear train.final_learning_rate=0").at(110))
                .isZero();
    }

    /** 110 steps: ten up, 34 at the peak, and the last 66 down. */
    @Test
    void wsdWarmsUpStaysAndFallsOverItsShareOfTheSteps() {
        LearningRate rate = rate("train.schedule=wsd train.decay_share=0.6 train.final_learning_rate=0.1");
        assertThat(rate.at(5)).isEqualTo(0.5, within(1e-12));
        for (int step = 10; step <= 44; step++) {
            assertThat(rate.at(step)).isEqualTo(1, within(1e-12));
        }
        assertThat(rate.at(45)).isEqualTo(1 - 0.9 / 66, within(1e-12));
        assertThat(rate.at(77)).isEqualTo(0.55, within(1e-12));
        assertThat(rate.at(110)).isEqualTo(0.1, within(1e-12));
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
