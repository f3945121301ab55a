package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MeanIntervalTest {

    /** t(0.975, 4) = 2.776445 by any table; the deviation of 1 to 5 is sqrt(2.5). */
    @Test
    void isStudentsInterval() {
        MeanInterval interval = MeanInterval.of(1, 2, 3, 4, 5);
        assertThat(interval.n()).isEqualTo(5);
        assertThat(interval.mean()).isEqualTo(3);
        assertThat(interval.halfWidth()).isCloseTo(2.776445 * Math.sqrt(2.5 / 5), within(1e-5));
        assertThat(interval.low()).isCloseTo(1.036757, within(1e-5));
        assertThat(interval.high()).isCloseTo(4.963243, within(1e-5));
        assertThat(interval).hasToString("3.0000 +- 1.9632");
    }

    /** t(0.975, 1) = 12.7062: two values say little. */
    @Test
    void twoValuesSayLittle() {
        assertThat(MeanInterval.of(0, 2).halfWidth()).isCloseTo(12.7062, within(1e-4));
    }

    @Test
    void oneValueHasNoIntervalAndNoneNoMean() {
        MeanInterval interval = MeanInterval.of(2.5);
        assertThat(interval.halfWidth()).isNaN();
        assertThat(interval).hasToString("2.5000");
        assertThat(MeanInterval.of().mean()).isNaN();
        assertThat(MeanInterval.of().n()).isZero();
    }
}
