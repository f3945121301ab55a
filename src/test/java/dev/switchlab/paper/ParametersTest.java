package dev.switchlab.paper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.safetensors.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParametersTest {

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
        Experiment top2 = Experiment.of(Semantics.PAPER, "model.n_experts=4 model.top_k=2 model.shared_experts=1");
        assertThat(Parameters.of(weights, top2.model())).isEqualTo(new Parameters(64, 44));
    }
}
