package dev.switchlab.paper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.analysis.Setting;
import dev.switchlab.runs.Run;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StepsToLossTest {

    private static Setting setting(String name, String... curves) {
        List<Run> runs = new ArrayList<>();
        for (String curve : curves) {
            runs.add(new Run(
                    name,
                    0,
                    "it",
                    name,
                    "FINISHED",
                    Instant.EPOCH,
                    Optional.empty(),
                    Map.of("seed", Integer.toString(runs.size())),
                    Map.of(Measures.VALIDATION, curve),
                    Map.of()));
        }
        return Setting.of(0, name, runs);
    }

    private static final Setting BASELINE = setting("dense", "100=3.0, 200=2.5, 300=2.0", "100=3.2, 200=2.7, 300=2.2");

    /** The mean target is 2.1; the mean curve passes it halfway from 2.2 at step 100 to 2.0 at step 200. */
    @Test
    void interpolatesMeanCurves() {
        Setting fast = setting("switch", "100=2.1, 200=1.9, 300=1.8", "100=2.3, 200=2.1, 300=2.0");
        StepsToLoss steps = StepsToLoss.of(fast, BASELINE).orElseThrow();
        assertThat(steps.steps()).isCloseTo(150, within(1e-9));
        assertThat(steps).hasToString("150, 2.00 times [2.00 2.00]");
    }

    /** Seed 0 alone reaches its target at step 200, seed 1 alone at step 100. */
    @Test
    void theIntervalIsOverSeeds() {
        Setting mixed = setting("switch", "100=2.4, 200=2.0, 300=1.9", "100=2.2, 200=2.0, 300=2.0");
        StepsToLoss steps = StepsToLoss.of(mixed, BASELINE).orElseThrow();
        assertThat(steps.low()).isCloseTo(1.5, within(1e-9));
        assertThat(steps.high()).isCloseTo(3, within(1e-9));
        assertThat(steps.times()).isBetween(1.5, 3.0);
    }

    @Test
    void whatIsNeverReachedHasNoSteps() {
        Setting slow = setting("slow", "100=4, 200=3, 300=2.5", "100=4, 200=3, 300=2.5");
        assertThat(StepsToLoss.of(slow, BASELINE).orElseThrow()).hasToString("never");
        assertThat(StepsToLoss.of(setting("one", "100=1"), BASELINE)).isEmpty();
    }
}
