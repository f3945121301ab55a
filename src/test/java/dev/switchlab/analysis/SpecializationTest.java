package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.runs.Run;
import dev.switchlab.train.RoutingSnapshot;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SpecializationTest {

    private static final int WINDOWS = 40;
    /** Of no known kind, because what comes before it is not known; then a vowel, a consonant, a vowel, a consonant. */
    private static final String WINDOW = "xabab";

    private static RoutingSnapshot routing(int step, int experts, int choices, int[]... layers) {
        return Fakes.routing(step, experts, choices, Collections.nCopies(WINDOWS, WINDOW), layers);
    }

    private static int[] repeated(int... window) {
        int[] layer = new int[WINDOWS * window.length];
        for (int i = 0; i < layer.length; i++) {
            layer[i] = window[i % window.length];
        }
        return layer;
    }

    @Test
    void allAndNothing() {
        int[] byKind = repeated(0, 1, 2, 1, 2);
        int[] byPosition = repeated(0, 0, 0, 1, 1);
        int[] one = repeated(0, 0, 0, 0, 0);
        Specialization of = Specialization.of(routing(1, 3, 1, byKind, byPosition, one));
        assertThat(of.layers().get(0).information()).isCloseTo(1, within(1e-12));
        assertThat(of.layers().get(1).information()).isCloseTo(0, within(1e-12));
        assertThat(of.layers().get(2).information()).isCloseTo(0, within(1e-12));
        assertThat(of.mean(Specialization.Layer::information)).isCloseTo(1.0 / 3, within(1e-12));
        assertThat(of.layers().get(0).chance()).isPositive().isLessThan(0.05);
        assertThat(of.layers().get(0).highestChance())
                .isGreaterThan(of.layers().get(0).chance());
        assertThat(of.layers().get(2).chance()).isCloseTo(0, within(1e-12));
    }

    /** A routing that knows nothing of the characters is as chance is. */
    @Test
    void aRandomRoutingIsAsChance() {
        SplittableRandom random = new SplittableRandom(7);
        int[] layer = random.ints((long) WINDOWS * WINDOW.length(), 0, 4).toArray();
        Specialization of = Specialization.of(routing(1, 4, 1, layer));
        assertThat(of.layers().get(0).information())
                .isBetween(0.0, 3 * of.layers().get(0).chance());
    }

    @Test
    void withTwoChoicesBothCount() {
        // One choice tells the kind, the other nothing: half of the pairs go to expert 2 whatever they are.
        int[] layer = repeated(0, 2, 0, 2, 1, 2, 0, 2, 1, 2);
        assertThat(Specialization.of(routing(1, 3, 2, layer)).layers().get(0).information())
                .isCloseTo(0.5, within(1e-12));
    }

    @Test
    void theNewestRoutingCounts() {
        Fakes fakes = new Fakes()
                .run("a", "it")
                .routing("a", routing(1, 3, 1, repeated(0, 1, 2, 1, 2)))
                .routing("a", routing(20, 3, 1, repeated(0, 0, 0, 1, 1)))
                .run("dense", "it");
        List<Run> runs = fakes.runs();
        assertThat(Specialization.of(fakes, runs.get(0)).mean(Specialization.Layer::information))
                .isCloseTo(0, within(1e-12));
        assertThat(Specialization.of(fakes, runs.get(1)).mean(Specialization.Layer::information))
                .isNaN();
    }
}
