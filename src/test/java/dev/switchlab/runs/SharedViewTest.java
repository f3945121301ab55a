package dev.switchlab.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.InflaterInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The view against the format that MLflow's page reads. */
final class SharedViewTest {
    private static Map<String, Set<String>> params(int experts, int layers) {
        return Map.of("model.n_experts", Set.of("" + experts), "model.n_layers", Set.of("" + layers));
    }

    static JsonNode read(String tag) throws Exception {
        assertThat(tag).startsWith("deflate;");
        byte[] bytes = Base64.getDecoder().decode(tag.substring("deflate;".length()));
        return new ObjectMapper().readTree(new InflaterInputStream(new ByteArrayInputStream(bytes)));
    }

    private static List<String> texts(JsonNode array, String field) {
        List<String> texts = new ArrayList<>();
        array.forEach(item ->
                texts.add(field.isEmpty() ? item.asText() : item.path(field).asText()));
        return texts;
    }

    @Test
    void lossesComeFirstThenAllExpertsOfALayerInOneChart() throws Exception {
        JsonNode view = read(SharedView.of(params(3, 2)));
        assertThat(texts(view.path("compareRunSections"), "name"))
                .containsExactly("Loss", "Balance of experts", "Settings against loss");
        JsonNode charts = view.path("compareRunCharts");
        assertThat(texts(charts, "type"))
                .containsExactly("LINE", "LINE", "BAR", "LINE", "LINE", "LINE", "LINE", "PARALLEL");
        assertThat(texts(charts, "metricKey"))
                .startsWith("train/cross_entropy", "valid/cross_entropy", "final/cross_entropy", "layer0/load/expert0");
        assertThat(texts(charts.get(4).path("selectedMetricKeys"), ""))
                .containsExactly("layer1/load/expert0", "layer1/load/expert1", "layer1/load/expert2");
        Set<String> ids = new HashSet<>(texts(charts, "uuid"));
        assertThat(ids).hasSize(charts.size());
        assertThat(texts(view.path("compareRunSections"), "uuid")).containsAll(texts(charts, "metricSectionId"));
    }

    @Test
    void aDenseModelHasNoBalance() throws Exception {
        JsonNode view = read(SharedView.of(Map.of(
                "model.feed_forward", Set.of("dense"),
                "model.n_experts", Set.of("4"),
                "model.n_layers", Set.of("2"))));
        assertThat(texts(view.path("compareRunSections"), "uuid")).containsExactly("loss", "settings");
        assertThat(view.path("compareRunCharts")).hasSize(4);
    }

    @Test
    void settingsThatDifferAreColumnsAndAxes() throws Exception {
        Map<String, Set<String>> params = Map.of(
                "model.n_experts", Set.of("2", "16"),
                "model.n_layers", Set.of("1"),
                "threads", Set.of("1", "2"),
                "seed", Set.of("1", "2"));
        JsonNode view = read(SharedView.of(params));
        assertThat(texts(view.path("selectedColumns"), ""))
                .endsWith("metrics.`final/cross_entropy`", "params.`model.n_experts`", "params.`seed`");
        JsonNode parallel =
                view.path("compareRunCharts").get(view.path("compareRunCharts").size() - 1);
        assertThat(texts(parallel.path("selectedParams"), "")).containsExactly("model.n_experts", "seed");
        // Charts have room for the largest model.
        assertThat(view.path("compareRunCharts").get(3).path("selectedMetricKeys"))
                .hasSize(16);
    }

    /** MLflow's tables hold 5,000 characters. */
    @ParameterizedTest
    @CsvSource({"4, 2, 2", "64, 12, 12", "128, 12, 8", "256, 48, 4", "2000000000, 12, 4", "8, 100000, 50"})
    void theTagHasAtMost5000CharactersAndAsManyLayersAsFit(int experts, int layers, int atLeast) throws Exception {
        String tag = SharedView.of(params(experts, layers));
        assertThat(tag).hasSizeLessThanOrEqualTo(5000);
        assertThat(texts(read(tag).path("compareRunCharts"), "uuid"))
                .filteredOn(id -> id.startsWith("balance-load"))
                .hasSizeBetween(atLeast, layers);
        assertThat(SharedView.of(params(experts, layers))).isEqualTo(tag);
    }
}
