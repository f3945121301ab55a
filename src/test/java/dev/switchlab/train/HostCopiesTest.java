package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import dev.switchlab.data.TextData;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.nn.HostCopy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A training step reads what its routers are planned by, and the rest once, at its end; it repeats to the bit and
 * leaves no arrays behind.
 */
@Tag("slow")
class HostCopiesTest {

    private static final String SMALL = "train.steps=3 model.dropout=0 train.accumulate=2 ";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.drop_order=random model.capacity_factor=0.8",
                "model.drop_order=position model.dropped_tokens=pass_through model.capacity_factor=0.5",
                "model.top_k=2 model.dropped_tokens=next_choice model.capacity_factor=0.7",
                "model.top_k=2 model.router_score=sigmoid model.normalize_gates=true train.selection_bias_rate=0.01"
                        + " train.load_balance_scope=sequence train.z_loss=0.001",
                "model.router_scope=chosen model.top_k=2 model.exploration=jitter model.router_jitter=0.05",
                "model.drop_tokens=false model.dispatch=loop",
                "model.feed_forward=dense model.n_experts=1",
            })
    void aStepReadsItsRoutersAndItsEnd(String settings) {
        Experiment experiment = Runs.smoke(SMALL + settings);
        ModelConfig model = experiment.model();
        long routers =
                IntStream.range(0, model.nLayers()).filter(model::isSparse).count();
        // Scores of each router and micro-batch, and its selection bias.
        long perStep = 1 + 2 * routers * (experiment.train().selectionBiasRate() > 0 ? 2 : 1);
        List<Map<String, Double>> once = new ArrayList<>();
        assertThat(steps(experiment, once)).containsExactly(perStep, perStep, perStep);
        List<Map<String, Double>> again = new ArrayList<>();
        steps(experiment, again);
        assertThat(again).isEqualTo(once);
    }

    private static long[] steps(Experiment experiment, List<Map<String, Double>> metrics) {
        TextData data = Runs.data(experiment);
        TrainingBatches batches = data.training(experiment);
        long[] copies = new long[3];
        int[] arrays = new int[3];
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            TrainStep step = new TrainStep(model);
            for (int i = 0; i < copies.length; i++) {
                long before = HostCopy.count();
                metrics.add(step.run(i + 1, List.of(batches.batch(2L * i), batches.batch(2L * i + 1)), true)
                        .metrics());
                copies[i] = HostCopy.count() - before;
                arrays[i] = MemoryTest.liveArrays();
            }
            assertThat(arrays[2])
                    .as("live arrays after the last step and the one before")
                    .isEqualTo(arrays[1]);
        }
        return copies;
    }
}
