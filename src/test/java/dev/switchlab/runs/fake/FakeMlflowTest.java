package dev.switchlab.runs.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mlflow.api.proto.Service;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowHttpException;

/** The fake answers as recorded MLflow servers do, in what the mirror relies on; and it keeps what it has answered. */
class FakeMlflowTest {
    @TempDir
    Path folder;

    private FakeMlflow fake;
    private Copies copies;

    @BeforeEach
    void start() throws Exception {
        fake = FakeMlflow.start(folder);
        copies = new Copies(fake.uri());
    }

    @AfterEach
    void stop() {
        fake.close();
    }

    /**
     * A run with points of all kinds, by MLflow's own client; then the server's process ends, and another reads its
     * folder.
     */
    @Test
    void mlflowsClientReadsBackWhatItWroteAlsoAfterARestart() throws Exception {
        String run;
        try (MlflowClient client = new MlflowClient(fake.uri().toString())) {
            String experiment = client.createExperiment("smoke");
            client.setExperimentTag(experiment, "mlflow.note.content", "small");
            run = client.createRun(experiment).getRunId();
            client.logParam(run, "seed", "1");
            client.setTag(run, "phase", "warmup");
            client.logMetric(run, "loss", 1.5, 100, 0);
            client.logBatch(
                    run,
                    List.of(metric("loss", 1.25, 200, 1), metric("loss", Double.POSITIVE_INFINITY, 150, 1)),
                    null,
                    null);
            client.setTerminated(run, Service.RunStatus.FINISHED, 300);
        }
        Files.writeString(folder.resolve("changes"), "runs/log-batch {\"run_id", StandardOpenOption.APPEND);
        int port = fake.uri().getPort();
        fake.close();
        fake = FakeMlflow.start(folder, port);
        try (MlflowClient client = new MlflowClient(fake.uri().toString())) {
            Service.Run read = client.getRun(run);
            assertThat(read.getInfo().getStatus()).isEqualTo(Service.RunStatus.FINISHED);
            assertThat(read.getInfo().getEndTime()).isEqualTo(300);
            assertThat(read.getInfo().getArtifactUri()).isEqualTo("mlflow-artifacts:/1/" + run + "/artifacts");
            assertThat(read.getData().getParams(0).getValue()).isEqualTo("1");
            assertThat(read.getData().getTagsList())
                    .extracting(Service.RunTag::getKey)
                    .contains("mlflow.runName");
            // The latest point is the largest of (step, timestamp, value); infinity becomes the largest number.
            assertThat(read.getData().getMetrics(0).getValue()).isEqualTo(1.25);
            assertThat(copies.get("metrics/get-history?run_id=" + run + "&metric_key=loss&max_results=2")
                            .toString())
                    .isEqualTo("{\"metrics\":[{\"key\":\"loss\",\"value\":1.5,\"timestamp\":100,\"step\":0},"
                            + "{\"key\":\"loss\",\"value\":1.7976931348623157E308,\"timestamp\":150,\"step\":1}],"
                            + "\"next_page_token\":\"eyJvZmZzZXQiOiAyfQ==\"}");
            assertThat(copies.get("metrics/get-history?run_id=" + run + "&metric_key=loss"))
                    .isEmpty();
            assertThat(client.getExperimentByName("smoke")
                            .orElseThrow()
                            .getTags(0)
                            .getValue())
                    .isEqualTo("small");
            assertThat(client.getExperimentByName("no such")).isEqualTo(Optional.empty());
            assertThatThrownBy(() -> client.createExperiment("smoke"))
                    .isInstanceOf(MlflowHttpException.class)
                    .hasMessageContaining("400");
        }
    }

    @Test
    void aPointIsKeptOnceAndANanIsRefusedWhenItIsThere() throws Exception {
        String run = createRun("");
        String batch =
                "{\"run_id\":\"" + run + "\",\"metrics\":[{\"key\":\"a\",\"value\":2.5,\"timestamp\":1,\"step\":1}%s]}";
        for (int i = 0; i < 2; i++) {
            assertThat(copies.answer("runs/log-batch", batch.formatted("")).statusCode())
                    .isEqualTo(200);
        }
        String nan = batch.formatted(
                ",{\"key\":\"b\",\"value\":\"NaN\",\"timestamp\":1},{\"key\":\"c\",\"value\":1,\"timestamp\":1}");
        assertThat(copies.answer("runs/log-batch", nan).statusCode()).isEqualTo(200);
        refused(400, "BAD_REQUEST", "UNIQUE constraint failed", "runs/log-batch", nan.replace("\"c\"", "\"d\""));
        JsonNode metrics = copies.get("runs/get?run_id=" + run).at("/run/data/metrics");
        assertThat(metrics).extracting(metric -> metric.path("key").asText()).containsExactly("a", "b", "c");
        assertThat(copies.get("metrics/get-history?run_id=" + run + "&metric_key=a&max_results=9")
                        .path("metrics"))
                .hasSize(1);
    }

    @Test
    void refusesWhatMlflowRefuses() throws Exception {
        String run = createRun("");
        String of = "{\"run_id\":\"" + run + "\",";
        String invalid = "INVALID_PARAMETER_VALUE";
        assertThat(copies.answer("runs/log-parameter", of + "\"key\":\"lr\",\"value\":\"1\"}")
                        .statusCode())
                .isEqualTo(200);
        refused(400, invalid, "with value='1'", "runs/log-parameter", of + "\"key\":\"lr\",\"value\":\"2\"}");
        refused(400, invalid, "Names may only", "runs/set-tag", of + "\"key\":\"a@1\",\"value\":\"2\"}");
        refused(400, invalid, "would resolve to", "runs/set-tag", of + "\"key\":\"../x\",\"value\":\"2\"}");
        refused(400, invalid, "250", "runs/set-tag", of + "\"key\":\"" + "k".repeat(251) + "\",\"value\":\"2\"}");
        refused(400, invalid, "Missing value for required parameter 'value'", "runs/log-metric", of + "\"key\":\"x\"}");
        String point = "{\"key\":\"x\",\"value\":1,\"timestamp\":1}";
        String many = of + "\"metrics\":[" + String.join(",", Collections.nCopies(1001, point)) + "]}";
        refused(400, invalid, "at most 1000 metrics. Got 1001", "runs/log-batch", many);
        String large = of + "\"tags\":[{\"key\":\"x\",\"value\":\"" + "x".repeat(1_000_000) + "\"}]}";
        refused(400, invalid, "at most 1000000 bytes", "runs/log-batch", large);
        refused(404, "RESOURCE_DOES_NOT_EXIST", "Run with id=00 not found", "runs/delete", "{\"run_id\":\"00\"}");
        refused(404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=9", "runs/create", "{\"experiment_id\":\"9\"}");
        copies.post("runs/delete", of + "\"x\":1}");
        refused(400, invalid, "must be in the 'active' state", "runs/log-metric", of + point.substring(1));
        assertThat(copies.answer("runs/no-such", of + "\"x\":1}").statusCode()).isEqualTo(404);
        fake.lack("runs/log-inputs");
        assertThat(new String(copies.answer("runs/log-inputs", of + "\"x\":1}").body(), StandardCharsets.UTF_8))
                .startsWith("<!doctype html>");
        fake.requireAuthorization("Basic x");
        assertThat(copies.answer("runs/search", "{}").statusCode()).isEqualTo(401);
    }

    @Test
    void searchesByTagAndPageByPage() throws Exception {
        List<String> runs = new ArrayList<>();
        for (String key : List.of("a", "b", "a")) {
            runs.add(createRun(",\"start_time\":" + (100 - runs.size()) + ",\"tags\":[{\"key\":\"" + Copies.KEY
                    + "\",\"value\":\"" + key + "\"}]"));
        }
        assertThat(copies.ofRun("a"))
                .extracting(run -> run.at("/info/run_id").asText())
                .containsExactly(runs.get(0), runs.get(2));
        JsonNode first = copies.post("runs/search", "{\"experiment_ids\":[\"0\"],\"max_results\":2}");
        JsonNode second = copies.post(
                "runs/search",
                "{\"experiment_ids\":[\"0\"],\"max_results\":2,\"page_token\":" + first.path("next_page_token") + "}");
        assertThat(first.path("runs")).hasSize(2);
        assertThat(second.path("runs")).hasSize(1);
        assertThat(second.has("next_page_token")).isFalse();
        copies.post("runs/delete", "{\"run_id\":\"" + runs.get(0) + "\"}");
        assertThat(copies.ofRun("a")).hasSize(1);
    }

    @Test
    void handsFilesOutAsTheyCame() throws Exception {
        String run = createRun("");
        String root = "0/" + run + "/artifacts/";
        assertThat(copies.get("artifacts/list?run_id=" + run).has("files")).isFalse();
        byte[] bytes = {0, 1, (byte) 200};
        assertThat(copies.put(root + "plots/a%20b.bin", bytes).statusCode()).isEqualTo(200);
        assertThat(copies.put(root + "report.txt", bytes).statusCode()).isEqualTo(200);
        assertThat(copies.put(root + "%2e%2e/%2e%2e/evil.txt", bytes).statusCode())
                .isEqualTo(400);
        assertThat(copies.get("artifacts/list?run_id=" + run).path("files").toString())
                .isEqualTo(
                        "[{\"path\":\"plots\",\"is_dir\":true},{\"path\":\"report.txt\",\"is_dir\":false,\"file_size\":3}]");
        assertThat(BookRows.files(folder.resolve("artifacts/0").resolve(run).resolve("artifacts")))
                .containsOnlyKeys("plots/a b.bin", "report.txt")
                .containsEntry("plots/a b.bin", bytes);
    }

    private String createRun(String more) throws Exception {
        return copies.post("runs/create", "{\"experiment_id\":\"0\"" + more + "}")
                .at("/run/info/run_id")
                .asText();
    }

    private void refused(int status, String code, String message, String endpoint, String body) throws Exception {
        HttpResponse<byte[]> answer = copies.answer(endpoint, body);
        assertThat(Map.of(
                        "status",
                        answer.statusCode(),
                        "code",
                        FakeStore.parse(answer.body()).path("error_code").asText()))
                .as(endpoint)
                .isEqualTo(Map.of("status", status, "code", code));
        assertThat(FakeStore.parse(answer.body()).path("message").asText()).contains(message);
    }

    private static Service.Metric metric(String key, double value, long timestamp, long step) {
        return Service.Metric.newBuilder()
                .setKey(key)
                .setValue(value)
                .setTimestamp(timestamp)
                .setStep(step)
                .build();
    }
}
