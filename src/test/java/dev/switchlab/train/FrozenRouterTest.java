package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import dev.switchlab.data.TextData;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.StateDict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frozen routers keep their weights to the bit while all other matrices move, whatever moves these. */
@Tag("slow")
class FrozenRouterTest {

    private static final int STEPS = 5;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "adamw",
                "adamw train.router_steps=2 train.ema=0.5",
                "adam train.router_steps=2",
                "amsgrad train.router_steps=9",
                "noam train.schedule=noam train.update=reference train.ema=0.5",
                "muon train.router_steps=2 train.ema=0.5 model.n_experts=6 model.top_k=2 model.normalize_gates=true"
                        + " train.selection_bias_rate=0.01",
            })
    void aRouterLearnsForSoManyStepsAndIsLeftAlone(String optimizer) {
        Experiment experiment = Runs.smoke("train.batch_size=4 train.weight_decay=0.5 train.warmup=1"
                + " train.learning_rate=0.01 model.router_bias=true model.router=frozen train.optimizer=" + optimizer);
        TextData data = Runs.data(experiment);
        TrainingBatches batches = data.training(experiment);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            TrainStep trainStep = new TrainStep(model);
            List<Map<String, float[]>> after = new ArrayList<>(List.of(matrices(model)));
            for (int step = 1; step <= STEPS; step++) {
                trainStep.run(step, List.of(batches.batch(step - 1L)), false);
                after.add(matrices(model));
            }
            int learns = experiment.train().routerSteps();
            for (int step = 1; step <= STEPS; step++) {
                Map<String, float[]> before = after.get(step - 1);
                boolean frozen = step > learns;
                after.get(step).forEach((name, values) -> {
                    if (frozen && name.contains(".switch.")) {
                        assertThat(values).as(name).containsExactly(before.get(name));
                    } else {
                        assertThat(values).as(name).isNotEqualTo(before.get(name));
                    }
                });
            }
            assertThat(after.get(0).keySet()).anyMatch(name -> name.contains(".switch."));
            trainStep.average().ifPresent(average -> {
                average.keepInModel();
                matrices(model).forEach((name, values) -> {
                    if (name.contains(".switch.")) {
                        assertThat(values)
                                .as(name)
                                .containsExactly(after.get(STEPS).get(name));
                    } else {
                        assertThat(values)
                                .as(name)
                                .isNotEqualTo(after.get(STEPS).get(name));
                    }
                });
            });
        }
    }

    /** Weights of routers and experts, and all other matrices; a bias of experts may rest. */
    private static Map<String, float[]> matrices(LanguageModel model) {
        Map<String, float[]> matrices = new LinkedHashMap<>();
        for (Map.Entry<String, StateDict.Weight> entry :
                model.stateDict().weights().entrySet()) {
            if (entry.getValue().shape().length == 2 || entry.getKey().contains(".switch.")) {
                matrices.put(entry.getKey(), entry.getValue().values());
            }
        }
        return matrices;
    }
}
