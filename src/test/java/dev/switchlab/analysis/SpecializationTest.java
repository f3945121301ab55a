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
        Specialization of =
                Specialization.of(routing(0, 3, 1, one, byKind, one), routing(1, 3, 1, byKind, byPosition, one));
        assertThat(of.layers().get(0).information()).isCloseTo(1, within(1e-12));
        assertThat(of.layers().get(1).information()).isCloseTo(0, within(1e-12));
        assertThat(of.layers().get(2).information()).isCloseTo(0, within(1e-12));
        assertThat(of.mean(Specialization.Layer::information)).isCloseTo(1.0 / 3, within(1e-12));
        assertThat(of.layers().get(0).untrained()).isCloseTo(0, within(1e-12));
        assertThat(of.layers().get(1).untrained()).isCloseTo(1, within(1e-12));
    }

    /**
     * A hash that sends the two characters to one expert tells nothing, the others all: two of three with 3 experts.
     */
    @Test
    void aHashOfTheCharacterKnowsItsKind() {
        RoutingSnapshot routing = routing(1, 3, 1, repeated(0, 0, 0, 1, 1));
        assertThat(Specialization.of(routing, routing).hashed()).isBetween(0.4, 0.96);
        RoutingSnapshot oneExpert = routing(1, 1, 1, repeated(0, 0, 0, 0, 0));
        assertThat(Specialization.of(oneExpert, oneExpert).hashed()).isZero();
        RoutingSnapshot bothExperts = routing(1, 2, 2, repeated(0, 1, 0, 1, 0, 1, 0, 1, 0, 1));
        assertThat(Specialization.of(bothExperts, bothExperts).hashed()).isCloseTo(0, within(1e-12));
    }

    @Test
    void aRandomRoutingKnowsNothing() {
        SplittableRandom random = new SplittableRandom(7);
        int[] layer = random.ints((long) WINDOWS * WINDOW.length(), 0, 4).toArray();
        assertThat(information(routing(1, 4, 1, layer))).isBetween(0.0, 0.05);
    }

    @Test
    void withTwoChoicesBothCount() {
        // One choice tells the kind, the other nothing: half of the pairs go to expert 2 whatever they are.
        int[] layer = repeated(0, 2, 0, 2, 1, 2, 0, 2, 1, 2);
        assertThat(information(routing(1, 3, 2, layer))).isCloseTo(0.5, within(1e-12));
    }

    private static double information(RoutingSnapshot routing) {
        return Specialization.of(routing, routing).layers().get(0).information();
    }

    @Test
    void theFirstAndTheNewestRoutingCount() {
        Fakes fakes = new Fakes()
                .run("a", "it")
                .routing("a", routing(0, 3, 1, repeated(0, 1, 2, 1, 2)))
                .routing("a", routing(8, 3, 1, repeated(0, 1, 1, 1, 0)))
                .routing("a", routing(20, 3, 1, repeated(0, 0, 0, 1, 1)))
                .run("dense", "it");
        List<Run> runs = fakes.runs();
        assertThat(Specialization.of(fakes, runs.get(0)).mean(Specialization.Layer::information))
                .isCloseTo(0, within(1e-12));
        assertThat(Specialization.of(fakes, runs.get(0)).mean(Specialization.Layer::untrained))
                .isCloseTo(1, within(1e-12));
        Specialization dense = Specialization.of(fakes, runs.get(1));
        assertThat(dense.mean(Specialization.Layer::information)).isNaN();
        assertThat(dense.hashed()).isNaN();
    }
}
