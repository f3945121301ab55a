package dev.switchlab.paper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Fakes;
import dev.switchlab.analysis.Setting;
import dev.switchlab.runs.Run;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StepsToLossTest {

    private final List<Setting> settings = new ArrayList<>();

    /** A setting whose runs have these losses by seed. */
    private Setting setting(String kind, int steps, double stepMillis, double... losses) {
        List<Run> runs = new ArrayList<>();
        for (double loss : losses) {
            runs.add(new Run(
                    kind + steps + runs.size(),
                    0,
                    "it",
                    kind,
                    "FINISHED",
                    Instant.EPOCH,
                    Optional.empty(),
                    Map.of(
                            "seed",
                            Integer.toString(runs.size()),
                            "train.steps",
                            Integer.toString(steps),
                            "train.learning_rate",
                            // Each length has its own.
                            Double.toString(1.0 / steps),
                            "model.feed_forward",
                            kind),
                    Map.of(),
                    Map.of(Comparison.FINAL_SCORE, loss, Measures.STEP_MS, stepMillis)));
        }
        Setting setting = Setting.of(settings.size(), kind + " " + steps, runs);
        settings.add(setting);
        return setting;
    }

    private Comparison comparison() {
        return Comparison.of(new Fakes(), settings, "dense 100", Map.of(), Double.NaN);
    }

    private Optional<StepsToLoss> of(Setting variant) {
        return StepsToLoss.ofBaseline(variant, comparison());
    }

    private void dense() {
        setting("dense", 100, 10, 2.2, 2.4);
        setting("dense", 400, 10, 2.0, 2.2);
    }

    /** Mean losses are 2.3 and 2.1, that of the variant is halfway: at the geometric mean of 100 and 400 steps. */
    @Test
    void interpolatesBetweenLengths() {
        dense();
        StepsToLoss found = of(setting("switch", 100, 16, 2.1, 2.3)).orElseThrow();
        assertThat(found.steps()).isCloseTo(200, within(1e-9));
        assertThat(found).hasToString("200, 2.00 [2.00 2.00]");
        // 200 steps of 10 ms against 100 of 16 ms.
        assertThat(found.seconds()).hasToString("1.25 [1.25 1.25]");
    }

    /** Seed 0 alone is as good as 400 steps, seed 1 alone as 100. */
    @Test
    void theIntervalIsOverSeeds() {
        dense();
        StepsToLoss found = of(setting("switch", 100, 10, 2.0, 2.4)).orElseThrow();
        assertThat(found).hasToString("200, 2.00 [1.00 4.00]");
    }

    @Test
    void beyondWhatWasTrainedIsMoreOrLess() {
        dense();
        assertThat(of(setting("switch", 100, 10, 1.9, 2.1)).orElseThrow()).hasToString("more [more more]");
        assertThat(of(setting("slow", 100, 10, 2.5, 2.5)).orElseThrow()).hasToString("less [less less]");
    }

    @Test
    void needsTwoLengthsAndTwoSeeds() {
        Setting first = setting("dense", 100, 10, 2.2, 2.4);
        Setting variant = setting("switch", 100, 10, 2.1, 2.3);
        assertThat(of(variant)).isEmpty();
        setting("dense", 400, 10, 2.0, 2.2);
        assertThat(of(variant)).isPresent();
        assertThat(of(first)).isEmpty();
        assertThat(of(setting("single", 100, 10, 2.1))).isEmpty();
    }

    /** The sparse model needs 200 of its steps for what 100 of the dense one reach, in twice the time per step. */
    @Test
    void aVariantOfSeveralLengthsTellsItsOwnSteps() {
        Setting dense = setting("dense", 100, 10, 2.1, 2.3);
        Setting shorter = setting("switch", 100, 20, 2.2, 2.4);
        Setting longer = setting("switch", 400, 20, 2.0, 2.2);
        StepsToLoss found = StepsToLoss.ofVariant(longer, comparison()).orElseThrow();
        assertThat(found).hasToString("200, 0.50 [0.50 0.50]");
        assertThat(found.seconds()).hasToString("0.25 [0.25 0.25]");
        assertThat(StepsToLoss.ofVariant(shorter, comparison())).isEmpty();
        assertThat(StepsToLoss.ofVariant(dense, comparison())).isEmpty();
        assertThat(StepsToLoss.ofBaseline(longer, comparison())).isEmpty();
    }

    /** A variant whose shortest run is better already needs fewer steps than the lengths tell. */
    @Test
    void aVariantThatIsBetterAtOnceNeedsTimesFewerThanLengthsTell() {
        setting("dense", 100, 10, 2.5, 2.7);
        setting("switch", 50, 20, 2.2, 2.4);
        Setting longer = setting("switch", 100, 20, 2.0, 2.2);
        assertThat(StepsToLoss.ofVariant(longer, comparison()).orElseThrow()).hasToString("more [more more]");
    }
}
