package dev.switchlab.paper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.analysis.Fakes;
import dev.switchlab.analysis.Setting;
import dev.switchlab.paper.Measures.Parameters;
import dev.switchlab.runs.Run;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.train.RoutingSnapshot;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MeasuresTest {

    private final FakeRuns runs = new FakeRuns();
    private final Measures measures = new Measures(runs, run -> Path.of("none"));

    private static RoutingSnapshot routing(int step, int... experts) {
        return Fakes.routing(step, 2, 1, List.of("0123456789"), experts);
    }

    /** The first step from which on four fifths stay, not the first at which they happen to agree. */
    @Test
    void settledWhenItStaysSettled() {
        Setting variant = runs.variant("it", "model.n_experts=2", 1.0);
        runs.routing(variant, routing(100, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1))
                .routing(variant, routing(200, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))
                .routing(variant, routing(300, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1))
                .routing(variant, routing(400, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1));
        Run run = variant.runs().get(0);
        Run measured = measures.measured(run);
        assertThat(measured.tags())
                .containsEntry(Measures.SETTLED, "300")
                .containsEntry(
                        Measures.SATURATION,
                        "100=1.0000=0.5000, 200=0.5000=0.5000, 300=0.8000=0.5000, 400=1.0000=0.5000");
    }

    @Test
    void whatKeptNoRoutingHasNotSettled() {
        Setting dense = runs.variant("dense", "model.n_experts=1", 1.0);
        assertThat(measures.measured(dense.runs().get(0)).tags()).doesNotContainKey(Measures.SETTLED);
    }

    @Test
    void aTokenMeetsAsManyExpertsAsItChooses() {
        Map<String, Tensor> weights = Map.of(
                "src_embed.weight", Tensor.of(new float[6], 3, 2),
                "transformer.layers.0.feed_forward.switch.weight", Tensor.of(new float[8], 4, 2),
                "transformer.layers.0.feed_forward.shared.layer1.weight", Tensor.of(new float[10], 5, 2),
                "transformer.layers.0.feed_forward.experts.0.layer1.weight", Tensor.of(new float[10], 5, 2),
                "transformer.layers.0.feed_forward.experts.1.layer1.weight", Tensor.of(new float[10], 5, 2),
                "transformer.layers.0.feed_forward.experts.2.layer1.weight", Tensor.of(new float[10], 5, 2),
                "transformer.layers.0.feed_forward.experts.3.layer1.weight", Tensor.of(new float[10], 5, 2));
        assertThat(Parameters.of(weights, 2, 4)).isEqualTo(new Parameters(64, 44));
    }
}
