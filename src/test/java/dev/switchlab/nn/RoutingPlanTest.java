package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.experiment.Capacity;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RoutingPlanTest {

    /** Six tokens, two experts: tokens 0, 1, 3, 4 prefer expert 0; token 5 is a tie. */
    private static final float[] PROBABILITIES = {0.9f, 0.1f, 0.8f, 0.2f, 0.3f, 0.7f, 0.6f, 0.4f, 0.7f, 0.3f, 0.5f, 0.5f
    };

    @Test
    void tieGoesToTheFirstExpert() {
        assertThat(plan(3, false, DropPolicy.byPosition()).route(5)).isZero();
    }

    @Test
    void countsAreTakenBeforeDropping() {
        RoutingPlan plan = plan(3, true, DropPolicy.byPosition());
        assertThat(new int[] {plan.count(0), plan.count(1)}).containsExactly(5, 1);
        assertThat(new int[] {plan.keptCount(0), plan.keptCount(1)}).containsExactly(3, 1);
    }

    @Test
    void firstComeFirstServedDropsTheLastPositions() {
        assertThat(plan(3, true, DropPolicy.byPosition()).dropped()).containsExactly(4, 5);
    }

    @Test
    void withoutDroppingNobodyLoses() {
        assertThat(plan(3, false, DropPolicy.byPosition()).droppedCount()).isZero();
    }

    @Test
    void randomOrderKeepsAndDropsEachTokenOnce() {
        RoutingPlan plan = plan(2, true, DropPolicy.random(new SplittableRandom(1)));
        assertThat(plan.kept(0)).hasSize(2);
        int[] all = java.util.stream.IntStream.concat(
                        java.util.Arrays.stream(plan.kept(0)), java.util.Arrays.stream(plan.dropped()))
                .sorted()
                .toArray();
        assertThat(all).containsExactly(0, 1, 3, 4, 5);
    }

    @Test
    void capacityRoundsDownInDoubleAsTheReference() {
        assertThat(new Capacity(1.2, 0).of(2048, 4)).isEqualTo(614);
        assertThat(new Capacity(1.2, 0).of(1, 4)).isZero();
        assertThat(new Capacity(0.1, 0).of(30, 1)).isEqualTo(3); // 3.0000000000000004
        assertThat(new Capacity(1.2, 4).of(1, 4)).isEqualTo(4);
    }

    private static RoutingPlan plan(int capacity, boolean drop, DropPolicy policy) {
        return RoutingPlan.of(
                new Choices(PROBABILITIES, PROBABILITIES, 2, 1),
                new RoutingPlan.Overflow(capacity, drop, false, policy, 0));
    }
}
