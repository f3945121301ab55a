package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.switchlab.train.RoutingTrace;
import java.io.ByteArrayInputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** What MLflow's pages look for, read here as they read it. */
class MlflowArtifactsTest {

    private static final String RUN = "0123456789abcdef0123456789abcdef";
    private static final Instant TIME = Instant.ofEpochMilli(1_790_000_000_000L);

    /** Both layers even at step 0; at step 200 the first expert takes all of the first layer. */
    private static final SortedMap<Integer, double[][]> LOADS =
            new TreeMap<>(Map.of(0, new double[][] {{.5, .5}, {.5, .5}}, 200, new double[][] {{1, 0}, {.5, .5}}));

    private static final RoutingTrace TRACE = new RoutingTrace(
            "abe".codePoints().toArray(),
            2,
            1,
            List.of(new RoutingTrace.Layer(0, new int[] {0, 1, 1}, new float[3], new double[3], new boolean[3], 4)));

    private final MlflowArtifacts artifacts = MlflowArtifacts.of(RUN, TIME, LOADS, TRACE);

    /** The steps of mlflow/server/js/src/experiment-tracking/reducers/ImageReducer.ts, in its order. */
    @Test
    void theSliderFindsAnImagePerStep() {
        Pattern image = Pattern.compile("images/(expert_load\\+step\\+\\d+)\\+timestamp\\+" + TIME.toEpochMilli()
                + "\\+[^+%#/]+?(\\+compressed)?\\.(png|webp)");
        assertThat(artifacts.files().keySet().stream()
                        .filter(path -> path.startsWith("images/"))
                        .map(path -> image.matcher(path).replaceFirst("$1$2")))
                .containsExactlyInAnyOrder(
                        "expert_load+step+0",
                        "expert_load+step+0+compressed",
                        "expert_load+step+200",
                        "expert_load+step+200+compressed");
        assertThat(artifacts.tags()).containsEntry("mlflow.loggedImages", "True");
    }

    @Test
    void anEvenLoadIsInTheMiddleOfTheScale() throws Exception {
        assertThat(colors(0)).containsExactly("#7C7B77", "#7C7B77", "#7C7B77", "#7C7B77");
        assertThat(colors(200)).containsExactly("#FFE945", "#00204C", "#7C7B77", "#7C7B77");
    }

    private List<String> colors(int step) throws Exception {
        byte[] png = artifacts.files().entrySet().stream()
                .filter(file -> file.getKey().contains("+step+" + step + "+"))
                .findFirst()
                .orElseThrow()
                .getValue();
        var image = ImageIO.read(new ByteArrayInputStream(png));
        return List.of(color(image, 1, 1), color(image, 65, 1), color(image, 1, 65), color(image, 65, 65));
    }

    private static String color(java.awt.image.BufferedImage image, int x, int y) {
        return String.format("#%06X", image.getRGB(x, y) & 0xFFFFFF);
    }

    @Test
    void whatIsWrittenAgainReplacesTheOlder() {
        assertThat(MlflowArtifacts.of(RUN, TIME, LOADS, TRACE).files().keySet())
                .isEqualTo(artifacts.files().keySet());
        assertThat(MlflowArtifacts.of("another", TIME, LOADS, TRACE).files().keySet())
                .isNotEqualTo(artifacts.files().keySet());
    }

    /** Like pandas' {@code to_json(orient="split", index=False)}. */
    @Test
    void specialisationIsATable() throws Exception {
        JsonNode tags = new ObjectMapper().readTree(artifacts.tags().get("mlflow.loggedArtifacts"));
        assertThat(tags).hasSize(1);
        assertThat(tags.get(0).get("type").asText()).isEqualTo("table");
        JsonNode table = new ObjectMapper()
                .readTree(artifacts.files().get(tags.get(0).get("path").asText()));
        assertThat(table.get("columns").toString())
                .isEqualTo("[\"layer\",\"kind of character\",\"tokens\",\"expert 0\",\"expert 1\"]");
        assertThat(table.get("data").toString())
                .isEqualTo("[[0,\"line start\",1,1.0,0.0],[0,\"vowel\",1,0.0,1.0],[0,\"consonant\",1,0.0,1.0]]");
    }

    @Test
    void aRunThatKeptNoRoutingHasTheTableAlone() {
        MlflowArtifacts none = MlflowArtifacts.of(RUN, TIME, new TreeMap<>(), TRACE);
        assertThat(none.files()).containsOnlyKeys("specialization.json");
        assertThat(none.tags()).containsOnlyKeys("mlflow.loggedArtifacts");
    }
}
