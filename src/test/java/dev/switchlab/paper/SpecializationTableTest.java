package dev.switchlab.paper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.analysis.RouterSaturation;
import dev.switchlab.runs.Run;
import dev.switchlab.train.RoutingSnapshot;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpecializationTableTest {

    private final FakeRuns runs = new FakeRuns();

    private static String routing(int step, int... experts) {
        return new RoutingSnapshot(step, 2, 1, 10, List.of("0123456789"), List.of(0), List.of(experts)).toJson();
    }

    /** The first step from which on four fifths stay, not the first at which they happen to agree. */
    @Test
    void settledWhenItStaysSettled() {
        Variant variant = runs.variant("it", "model.n_experts=2", 1.0);
        runs.text(variant, RoutingSnapshot.path(100), routing(100, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1))
                .text(variant, RoutingSnapshot.path(200), routing(200, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))
                .text(variant, RoutingSnapshot.path(300), routing(300, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1))
                .text(variant, RoutingSnapshot.path(400), routing(400, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1));
        Run run = variant.runs().get(1L);
        assertThat(SpecializationTable.settled(RouterSaturation.of(runs, run))).isEqualTo("300");
    }

    @Test
    void whatKeptNoRoutingHasNotSettled() {
        Variant dense = runs.variant("dense", "model.n_experts=1", 1.0);
        assertThat(SpecializationTable.settled(
                        RouterSaturation.of(runs, dense.runs().get(1L))))
                .isEmpty();
    }
}
