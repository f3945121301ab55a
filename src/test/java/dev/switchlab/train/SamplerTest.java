package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SamplerTest {

    private static final float[] LOGITS = {(float) Math.log(0.5), (float) Math.log(0.3), (float) Math.log(0.2)};

    @Test
    void temperatureOneDrawsFromTheModelsDistribution() {
        assertThat(shares(new Sampler(1, 0))).containsExactly(new double[] {0.5, 0.3, 0.2}, within(0.01));
    }

    @Test
    void temperatureSharpens() {
        double total = 0.25 + 0.09 + 0.04;
        assertThat(shares(new Sampler(0.5, 0)))
                .containsExactly(new double[] {0.25 / total, 0.09 / total, 0.04 / total}, within(0.01));
    }

    @Test
    void temperatureZeroTakesTheMostProbable() {
        assertThat(shares(new Sampler(0, 0))).containsExactly(1, 0, 0);
    }

    @Test
    void topKCutsTheTail() {
        assertThat(shares(new Sampler(1, 2))).containsExactly(new double[] {0.625, 0.375, 0}, within(0.01));
    }

    @Test
    void impossibleValuesAreRefused() {
        assertThatThrownBy(() -> new Sampler(-1, 0)).hasMessageContaining("temperature is -1.0, allowed: 0");
        assertThatThrownBy(() -> new Sampler(Double.NaN, 0)).hasMessageContaining("temperature is NaN");
        assertThatThrownBy(() -> new Sampler(1, -2)).hasMessageContaining("top_k is -2, allowed: 0");
    }

    private static double[] shares(Sampler sampler) {
        SplittableRandom random = new SplittableRandom(1);
        double[] shares = new double[3];
        int draws = 40_000;
        for (int i = 0; i < draws; i++) {
            shares[sampler.draw(LOGITS, random)] += 1.0 / draws;
        }
        for (int i = 0; i < 3; i++) {
            shares[i] = Math.round(shares[i] * 1e9) / 1e9;
        }
        return shares;
    }
}
