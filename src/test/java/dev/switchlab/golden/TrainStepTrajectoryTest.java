package dev.switchlab.golden;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import dev.switchlab.data.Batch;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.nn.StateDict;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.StepMetrics;
import dev.switchlab.train.TrainStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The step that training takes, from an experiment's settings, against the reference's trajectories. The cases' own
 * replay puts the same pieces together by itself, because it needs to say which tokens are dropped.
 */
class TrainStepTrajectoryTest {

    @ParameterizedTest
    @ValueSource(strings = {"traj_exact", "traj_starved_expert", "traj_weight_decay"})
    void followsTheReference(String name) throws Exception {
        CaseFile file = CaseFile.read(GoldenCasesTest.FOLDER.resolve(name + CaseFile.EXTENSION));
        JsonNode config = file.config();
        int nVocab = config.get("n_vocab").intValue();
        CharTokenizer tokenizer = CharTokenizer.of("abcdefghijklmnopqrstuvwxyz".substring(0, nVocab));
        try (LanguageModel model = LanguageModel.create(experiment(config), tokenizer, Device.cpu())) {
            Map<String, StateDict.Weight> weights = new LinkedHashMap<>();
            file.params()
                    .forEach((key, tensor) -> weights.put(key, new StateDict.Weight(tensor.shape(), tensor.floats())));
            model.stateDict().load(weights);

            Map<String, Tensor> actual = train(model, file);

            Map<String, Tensor> expected = new TreeMap<>(file.expected());
            expected.remove("output.counts"); // a step reports shares of the load instead
            List<TensorDifference> wrong =
                    TensorDifference.all(expected, actual, GoldenCase.of(file).tolerances()).stream()
                            .filter(difference -> !difference.passed())
                            .toList();
            assertThat(wrong).isEmpty();
        }
    }

    private static Experiment experiment(JsonNode config) {
        List<String> settings = new ArrayList<>(List.of(
                "train.optimizer=noam",
                "train.learning_rate=" + config.get("lr"),
                "train.load_balance=" + config.get("load_balancing_coef")));
        for (String name : List.of(
                "d_model heads d_ff n_layers n_experts capacity_factor drop_tokens is_scale_prob".split(" ", -1))) {
            settings.add("model." + name + "=" + config.get(name));
        }
        for (String name : List.of("steps batch_size seq_len warmup eps weight_decay grad_clip".split(" ", -1))) {
            settings.add("train." + name + "=" + config.get(name));
        }
        return Experiment.of(Semantics.REFERENCE, settings.toArray(String[]::new));
    }

    private static Map<String, Tensor> train(LanguageModel model, CaseFile file) {
        JsonNode config = file.config();
        int steps = config.get("steps").intValue();
        int seqLen = config.get("seq_len").intValue();
        int batchSize = config.get("batch_size").intValue();
        long[] tokens = file.input("tokens", Dtype.I64).longs();
        long[] targets = file.input("target", Dtype.I64).longs();
        float[][] series = new float[5][steps];
        TrainStep step = new TrainStep(model);
        for (int i = 0; i < steps; i++) {
            int from = i * seqLen * batchSize;
            int to = from + seqLen * batchSize;
            Batch batch = new Batch(
                    Arrays.copyOfRange(tokens, from, to), Arrays.copyOfRange(targets, from, to), seqLen, batchSize);
            StepMetrics result = step.run(i + 1, List.of(batch), false);
            series[0][i] = (float) result.loss();
            series[1][i] = (float) result.crossEntropy();
            series[2][i] = (float) result.loadBalance();
            series[3][i] = (float) result.gradNorm();
            series[4][i] = (float) result.learningRate();
        }
        Map<String, Tensor> actual = new TreeMap<>();
        List<String> names = List.of("loss", "cross_entropy", "lb_loss", "grad_norm", "lr");
        for (int i = 0; i < names.size(); i++) {
            actual.put("output." + names.get(i), Tensor.of(series[i], steps));
        }
        model.stateDict()
                .weights()
                .forEach((name, weight) ->
                        actual.put("output.final." + name, Tensor.of(weight.values(), weight.shape())));
        return actual;
    }
}
