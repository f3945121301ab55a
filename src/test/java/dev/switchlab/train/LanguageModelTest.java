package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.StateDict;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanguageModelTest {

    @TempDir
    Path folder;

    @Test
    void aSavedModelIsTheSameModel() throws IOException {
        Experiment experiment = Runs.smoke();
        TextData data = Runs.data(experiment);
        Path file = folder.resolve("weights.safetensors");
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            model.save(file);
            try (LanguageModel loaded = LanguageModel.load(file, Device.cpu())) {
                assertThat(loaded.experiment()).isEqualTo(experiment);
                assertThat(loaded.tokenizer()).isEqualTo(data.tokenizer());
                Map<String, StateDict.Weight> expected = model.stateDict().weights();
                loaded.stateDict()
                        .weights()
                        .forEach((name, weight) -> assertThat(weight.values())
                                .as(name)
                                .containsExactly(expected.get(name).values()));
                assertThat(generate(loaded)).isEqualTo(generate(model));
            }
        }
    }

    /** The names that the reference's state_dict has for this architecture. */
    @Test
    void weightsHaveTheReferencesNames() {
        Experiment experiment = Experiment.of(
                dev.switchlab.experiment.Semantics.REFERENCE,
                "model.n_layers=1 model.n_experts=2 model.d_model=8 model.heads=2");
        try (LanguageModel model =
                LanguageModel.create(experiment, dev.switchlab.data.CharTokenizer.of("abc"), Device.cpu())) {
            String layer = "transformer.layers.0.";
            String expert = layer + "feed_forward.experts.";
            assertThat(model.stateDict().weights().keySet())
                    .containsExactlyInAnyOrder(
                            "src_embed.weight",
                            layer + "attn.query.linear.weight",
                            layer + "attn.query.linear.bias",
                            layer + "attn.key.linear.weight",
                            layer + "attn.key.linear.bias",
                            layer + "attn.value.linear.weight",
                            layer + "attn.value.linear.bias",
                            layer + "attn.output.weight",
                            layer + "attn.output.bias",
                            expert + "0.layer1.weight",
                            expert + "0.layer1.bias",
                            expert + "0.layer2.weight",
                            expert + "0.layer2.bias",
                            expert + "1.layer1.weight",
                            expert + "1.layer1.bias",
                            expert + "1.layer2.weight",
                            expert + "1.layer2.bias",
                            layer + "feed_forward.switch.weight",
                            layer + "feed_forward.switch.bias",
                            layer + "norm_self_attn.weight",
                            layer + "norm_self_attn.bias",
                            layer + "norm_ff.weight",
                            layer + "norm_ff.bias",
                            "transformer.norm.weight",
                            "transformer.norm.bias",
                            "generator.weight",
                            "generator.bias");
        }
    }

    @Test
    void replicasStartIdenticalOrNotAsTheExperimentSays() {
        assertThat(firstExperts("model.replicas=identical")).isTrue();
        assertThat(firstExperts("model.replicas=independent")).isFalse();
    }

    @Test
    void weightsOfAnotherModelAreRefusedByName() throws IOException {
        Path file = folder.resolve("weights.safetensors");
        Experiment experiment = Runs.smoke();
        TextData data = Runs.data(experiment);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            model.save(file);
        }
        Safetensors saved = Safetensors.read(file);
        Map<String, Tensor> tensors = new LinkedHashMap<>(saved.tensors());
        tensors.put("generator.extra", tensors.remove("generator.bias"));
        Path broken = folder.resolve("broken.safetensors");
        new Safetensors(saved.metadata(), tensors).write(broken);
        assertThatThrownBy(() -> LanguageModel.load(broken, Device.cpu()))
                .hasMessage("weights do not fit the model: missing 'generator.bias', unexpected 'generator.extra'");
        Path foreign = folder.resolve("foreign.safetensors");
        new Safetensors(Map.of(), saved.tensors()).write(foreign);
        assertThatThrownBy(() -> LanguageModel.load(foreign, Device.cpu()))
                .hasMessageContaining("it is not a weights file of SwitchLab");
    }

    private static String generate(LanguageModel model) {
        return new TextGenerator(model, new Sampler(1, 5)).generate("The ", 30, new SplittableRandom(1));
    }

    private static boolean firstExperts(String settings) {
        Experiment experiment = Runs.smoke(settings);
        try (LanguageModel model =
                LanguageModel.create(experiment, dev.switchlab.data.CharTokenizer.of("abc"), Device.cpu())) {
            Map<String, StateDict.Weight> weights = model.stateDict().weights();
            float[] first = weights.get("transformer.layers.0.feed_forward.experts.0.layer1.weight")
                    .values();
            float[] second = weights.get("transformer.layers.0.feed_forward.experts.1.layer1.weight")
                    .values();
            float[] below = weights.get("transformer.layers.1.feed_forward.experts.0.layer1.weight")
                    .values();
            return java.util.Arrays.equals(first, second) && java.util.Arrays.equals(first, below);
        }
    }
}
