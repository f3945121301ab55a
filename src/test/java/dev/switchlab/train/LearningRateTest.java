package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
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

    private static LearningRate rate(String settings) {
        Experiment experiment = Experiment.of(
                Semantics.PAPER,
                "train.optimizer=adam train.learning_rate=1 train.warmup=10 train.steps=110 " + settings);
        return new LearningRate(experiment.train(), 128);
    }
}
