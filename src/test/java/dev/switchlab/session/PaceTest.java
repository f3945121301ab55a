package dev.switchlab.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The time left. */
class PaceTest {

    private static final long SECOND = 1_000_000_000L;

    @Test
    void itIsUnknownUntilStepsAfterTheFirstTellItAndIncludesTheScores() {
        Pace pace = new Pace(110, 10, 20, Duration.ofSeconds(10));
        assertThat(pace.step(11, 4.0, 30 * SECOND)).isTrue(); // the engine started in the first step
        assertThat(pace.secondsLeft()).isEmpty();
        for (int step = 12; step <= 18; step++) {
            assertThat(pace.step(step, 4.0, (30 + step - 11) * SECOND)).isFalse();
            assertThat(pace.secondsLeft()).isEmpty();
        }
        pace.step(19, 4.0, 38 * SECOND);
        assertThat(pace.secondsLeft(40 * SECOND).orElseThrow()).isCloseTo(91 + 20 - 2, within(1e-9)); // a step a second
        pace.step(110, 4.0, 129 * SECOND);
        assertThat(pace.secondsLeft(129 * SECOND).orElseThrow()).isCloseTo(20, within(1e-9));
        assertThat(pace.secondsLeft(200 * SECOND)).hasValue(0);
    }
}
