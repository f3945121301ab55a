package dev.switchlab.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java half of the exchange with the reference; {@code golden/exchange.sh} runs both halves. */
class ExchangeTest {

    @TempDir
    Path folder;

    private Path weights;
    private Path logits;

    @BeforeEach
    void create() throws IOException {
        Exchange.create(folder);
        weights = folder.resolve("weights.safetensors");
        logits = folder.resolve("logits.safetensors");
    }

    @Test
    void weightsHaveTheReferencesNamesAndGiveTheirLogitsInEveryForm() throws IOException {
        Map<String, Tensor> tensors = Safetensors.read(weights).tensors();
        assertThat(tensors)
                .containsKeys(
                        "src_embed.weight",
                        "transformer.layers.2.attn.query.linear.weight",
                        "transformer.layers.0.feed_forward.experts.4.layer2.bias",
                        "transformer.layers.1.feed_forward.switch.weight",
                        "transformer.norm.bias",
                        "generator.weight");
        String expert = "transformer.layers.0.feed_forward.experts.%d.layer1.weight";
        assertThat(tensors.get(expert.formatted(0)))
                .as("training tells the experts apart")
                .isNotEqualTo(tensors.get(expert.formatted(1)));
        CaseResult result = Exchange.check(weights, logits);
        assertThat(result.passed()).as(result.line()).isTrue();
        assertThat(result.runs()).hasSizeGreaterThan(1);
    }

    @Test
    void oneChangedWeightIsFound() throws IOException {
        Safetensors content = Safetensors.read(weights);
        Map<String, Tensor> tensors = new LinkedHashMap<>(content.tensors());
        float[] bias = tensors.get("generator.bias").floats();
        bias[3] += 1e-3f;
        tensors.put("generator.bias", Tensor.of(bias, bias.length));
        Path changed = folder.resolve("changed.safetensors");
        new Safetensors(content.metadata(), tensors).write(changed);
        assertThat(Exchange.check(changed, logits).line()).startsWith("FAIL").contains("output.logits");
    }

    @Test
    void whatIsMissingIsNamed() {
        assertThat(Exchange.check(folder.resolve("absent"), logits).line()).contains("absent: no such file");
        assertThat(Exchange.check(weights, weights).line()).contains("metadata has no 'config'");
    }
}
