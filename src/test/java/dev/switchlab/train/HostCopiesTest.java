package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import dev.switchlab.data.TextData;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.HostCopy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * With the plan on the device a training step reads once, at its end, repeats to the bit, leaves no arrays behind, and
 * agrees with a step planned on the host.
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
                "model.feed_forward=dense model.n_experts=1",
            })
    void aStepReadsOnce(String settings) {
        List<Map<String, Double>> device = new ArrayList<>();
        long[] copies = steps(SMALL + settings, true, device);
        assertThat(copies).containsExactly(1, 1, 1);
        List<Map<String, Double>> again = new ArrayList<>();
        steps(SMALL + settings, true, again);
        assertThat(again).isEqualTo(device);
        List<Map<String, Double>> host = new ArrayList<>();
        steps(SMALL + settings, false, host);
        for (int step = 0; step < host.size(); step++) {
            Map<String, Double> own = device.get(step);
            assertThat(own.keySet()).isEqualTo(host.get(step).keySet());
            host.get(step)
                    .forEach((name, value) -> assertThat(own.get(name))
                            .as(name)
                            .isCloseTo(value, within(1e-4 * Math.max(1, Math.abs(value)))));
        }
    }

    /** Where nothing is dropped, each layer has to ask how full its fullest expert is. */
    @ParameterizedTest
    @ValueSource(strings = {"model.drop_tokens=false"})
    void withoutDroppingEachLayerReadsOneNumberMore(String settings) {
        Experiment experiment = Runs.smoke(SMALL + settings);
        int layers = experiment.model().nLayers();
        long perStep = 1 + 2L * layers;
        assertThat(steps(SMALL + settings, true, new ArrayList<>())).containsExactly(perStep, perStep, perStep);
    }

    private static long[] steps(String settings, boolean onDevice, List<Map<String, Double>> metrics) {
        Experiment experiment = Runs.smoke(settings);
        TextData data = Runs.data(experiment);
        TrainingBatches batches = data.training(experiment);
        long[] copies = new long[3];
        int[] arrays = new int[3];
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            TrainStep step = new TrainStep(model);
            if (onDevice) {
                step.routeOnDevice();
            }
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
