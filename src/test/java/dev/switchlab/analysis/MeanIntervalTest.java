package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class MeanIntervalTest {

    /** t(0.975, 4) = 2.776445 by any table; the deviation of 1 to 5 is sqrt(2.5). */
    @Test
    void isStudentsInterval() {
        MeanInterval interval = MeanInterval.of(List.of(1.0, 2.0, 3.0, 4.0, 5.0));
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
        assertThat(MeanInterval.of(List.of(0.0, 2.0)).halfWidth()).isCloseTo(12.7062, within(1e-4));
    }

    @Test
    void oneValueHasNoInterval() {
        MeanInterval interval = MeanInterval.of(List.of(2.5));
        assertThat(interval.halfWidth()).isNaN();
        assertThat(interval).hasToString("2.5000");
        assertThatThrownBy(() -> MeanInterval.of(List.of())).hasMessageContaining("at least one value");
    }
}
