package dev.switchlab.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.switchlab.tracking.store.StoreClient.Answer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the recorded conversations leave out: limits, states, wire forms, and endpoints that only Python calls. */
class StoreApiTest {
    @TempDir
    Path runs;

    private TrackingServer server;
    private StoreClient client;
    private String run;

    @BeforeEach
    void start() throws Exception {
        server = TrackingServer.start(StoreConfig.of(runs));
        client = new StoreClient(server.uri());
        run = client.createRun("0", "run");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Answer metric(String fields) throws Exception {
        return client.post("runs/log-metric", "{'run_id':'" + run + "'," + fields + "}");
    }

    private JsonNode latest() throws Exception {
        return client.get("runs/get", Map.of("run_id", run)).json().at("/run/data/metrics");
    }

    private static void assertInvalid(Answer answer, String message) {
        assertThat(answer.status()).as(answer.json().toString()).isEqualTo(400);
        assertThat(answer.errorCode()).isEqualTo("INVALID_PARAMETER_VALUE");
        assertThat(answer.message()).contains(message);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1.0",
        "'\"2.5\"', 2.5",
        "'\"1e-3\"', 0.001",
        "-0.0, 0.0",
        "1e400, 1.7976931348623157e308",
        "12345678901234567890, 12345678901234567000"
    })
    void takesNumbersInEveryForm(String sent, double stored) throws Exception {
        assertThat(metric("'key':'x','value':" + sent + ",'timestamp':'1','step':'7'")
                        .status())
                .isEqualTo(200);
        assertThat(latest().at("/0/value").asDouble()).isEqualTo(stored);
        assertThat(latest().at("/0/step").isIntegralNumber()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "'''key'':''x'',''value'':true,''timestamp'':1', Invalid value true for parameter 'value'",
        "'''key'':''x'',''value'':''1.5f'',''timestamp'':1', Invalid value \"1.5f\" for parameter 'value'",
        "'''key'':''x'',''value'':1', Missing value for required parameter 'timestamp'",
        "'''key'':''x'',''value'':1,''timestamp'':''soon''', Invalid value \"soon\" for parameter 'timestamp'",
        "'''key'':''x'',''value'':1,''timestamp'':-1', Timestamp must be a nonnegative long",
        "'''key'':''x'',''value'':1,''timestamp'':1,''step'':1.5', Invalid value 1.5 for parameter 'step'",
        "'''value'':1,''timestamp'':1', Missing value for required parameter 'key'",
        "'''key'':5,''value'':1,''timestamp'':1', Invalid value 5 for parameter 'key'"
    })
    void refusesMetricsOfAnotherForm(String fields, String message) throws Exception {
        assertInvalid(metric(fields), message);
        assertThat(latest().isMissingNode()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a@b",
                "a#b",
                "a?b",
                "a\\\\b",
                "../a",
                "/a",
                "a//b",
                "a/",
                "./a",
                "a/../b",
                ".",
                "..",
                "...",
                "a\\u0000"
            })
    void refusesBadKeysOfMetricsParamsAndTags(String key) throws Exception {
        assertInvalid(metric("'key':'" + key + "','value':1,'timestamp':1"), "parameter 'name' supplied");
        for (String endpoint : List.of("log-parameter", "set-tag")) {
            assertInvalid(
                    client.post("runs/" + endpoint, "{'run_id':'" + run + "','key':'" + key + "','value':'1'}"),
                    "parameter 'key' supplied");
        }
        assertInvalid(
                client.post(
                        "runs/log-batch",
                        "{'run_id':'" + run + "','metrics':[{'key':'ok','value':1,'timestamp':1},{'key':'" + key
                                + "','value':1,'timestamp':1}]}"),
                "parameter 'metrics[1].name' supplied");
        assertThat(latest().isMissingNode()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.b", "a/b", "a b", "a:b", "a-b", "a_b", "\u00e9t\u00e9", "a/.../b", "1"})
    void takesGoodKeys(String key) throws Exception {
        assertThat(metric("'key':'" + key + "','value':1,'timestamp':1").status())
                .isEqualTo(200);
        assertThat(latest().at("/0/key").asText()).isEqualTo(key);
    }

    @Test
    void aRefusedBatchLeavesNothing() throws Exception {
        client.post("runs/log-parameter", "{'run_id':'" + run + "','key':'p','value':'1'}");
        Answer answer = client.post(
                "runs/log-batch",
                "{'run_id':'" + run + "','metrics':[{'key':'m','value':1,'timestamp':1}],"
                        + "'params':[{'key':'q','value':'1'},{'key':'p','value':'2'}],'tags':[{'key':'t','value':'1'}]}");
        assertInvalid(answer, "{'key': 'p', 'old_value': '1', 'new_value': '2'}");
        JsonNode data = client.get("runs/get", Map.of("run_id", run)).json().at("/run/data");
        assertThat(data.has("metrics")).isFalse();
        assertThat(data.get("params")).hasSize(1);
        assertThat(data.get("tags")).hasSize(1);
    }

    @Test
    void cutsLongValuesByCharactersNotBytes() throws Exception {
        String emoji = "\ud83d\ude00".repeat(6001);
        client.post("runs/log-parameter", "{'run_id':'" + run + "','key':'p','value':'" + emoji + "'}");
        String stored = client.get("runs/get", Map.of("run_id", run))
                .json()
                .at("/run/data/params/0/value")
                .asText();
        assertThat(stored).isEqualTo("\ud83d\ude00".repeat(6000));
    }

    @Test
    void refusesABatchOfMoreThanAMillionBytes() throws Exception {
        String params = IntStream.range(0, 100)
                .mapToObj(i -> "{'key':'p" + i + "','value':'" + "x".repeat(10_100) + "'}")
                .collect(Collectors.joining(","));
        assertInvalid(
                client.post("runs/log-batch", "{'run_id':'" + run + "','params':[" + params + "]}"),
                "Batched logging API requests must be at most 1000000 bytes");
    }

    @Test
    void latestMetricIsTheLargestOfStepTimestampValue() throws Exception {
        metric("'key':'x','value':1,'timestamp':5,'step':2");
        metric("'key':'x','value':9,'timestamp':9,'step':1");
        assertThat(latest().at("/0/value").asDouble()).isEqualTo(1);
        metric("'key':'x','value':0.5,'timestamp':5,'step':2");
        assertThat(latest().at("/0/value").asDouble()).isEqualTo(1);
        metric("'key':'x','value':2,'timestamp':5,'step':2");
        assertThat(latest().at("/0/value").asDouble()).isEqualTo(2);
        client.post(
                "runs/log-batch",
                "{'run_id':'" + run + "','metrics':[{'key':'x','value':7,'timestamp':6,'step':2},"
                        + "{'key':'x','value':3,'timestamp':5,'step':2}]}");
        assertThat(latest().at("/0/value").asDouble()).isEqualTo(7);
    }

    @Test
    void historyInPagesAndWhole() throws Exception {
        for (int batch = 0; batch < 3; batch++) {
            int from = batch * 1000;
            String points = IntStream.range(from, from + 1000)
                    .mapToObj(i -> "{'key':'x','value':" + i + ",'timestamp':" + i + ",'step':" + i + "}")
                    .collect(Collectors.joining(","));
            client.post("runs/log-batch", "{'run_id':'" + run + "','metrics':[" + points + "]}");
        }
        Map<String, String> query = Map.of("run_id", run, "metric_key", "x");
        JsonNode whole = client.get("metrics/get-history", query).json();
        assertThat(whole.get("metrics")).hasSize(3000);
        assertThat(whole.has("next_page_token")).isFalse();
        int seen = 0;
        String token = "";
        while (seen < 3000) {
            JsonNode page = client.get(
                            "metrics/get-history",
                            Map.of("run_id", run, "metric_key", "x", "max_results", "700", "page_token", token))
                    .json();
            for (JsonNode point : page.get("metrics")) {
                assertThat(point.get("step").asInt()).isEqualTo(seen++);
            }
            token = page.path("next_page_token").asText();
            assertThat(token.isEmpty()).isEqualTo(seen == 3000);
        }
    }

    @Test
    void experimentsAndTheirRunsAreDeletedAndRestoredTogether() throws Exception {
        client.post("experiments/create", "{'name':'e'}");
        String inside = client.createRun("1", "inside");
        assertThat(client.post("experiments/delete", "{'experiment_id':'1'}").status())
                .isEqualTo(200);
        assertThat(client.post("experiments/delete", "{'experiment_id':'1'}").status())
                .isEqualTo(404);
        assertThat(client.get("runs/get", Map.of("run_id", inside))
                        .json()
                        .at("/run/info/lifecycle_stage")
                        .asText())
                .isEqualTo("deleted");
        Answer rename = client.post("experiments/update", "{'experiment_id':'1','new_name':'f'}");
        assertThat(rename.status()).isEqualTo(500);
        assertThat(rename.errorCode()).isEqualTo("INVALID_STATE");
        assertInvalid(
                client.post("experiments/set-experiment-tag", "{'experiment_id':'1','key':'k','value':'v'}"),
                "must be in the 'active' state");
        assertThat(client.post("experiments/restore", "{'experiment_id':'1'}").status())
                .isEqualTo(200);
        assertThat(client.post("experiments/restore", "{'experiment_id':'1'}").status())
                .isEqualTo(404);
        assertThat(client.get("runs/get", Map.of("run_id", inside))
                        .json()
                        .at("/run/info/lifecycle_stage")
                        .asText())
                .isEqualTo("active");
        assertInvalid(client.post("experiments/delete", "{'experiment_id':'0'}"), "default experiment");
        assertThat(client.post("experiments/update", "{'experiment_id':'1','new_name':'Default'}")
                        .errorCode())
                .isEqualTo("RESOURCE_ALREADY_EXISTS");
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "-1", "99999999999999999999", "1; DROP TABLE runs"})
    void unknownExperimentIdsDoNotExist(String id) throws Exception {
        Answer answer = client.get("experiments/get", Map.of("experiment_id", id));
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.errorCode()).isEqualTo("RESOURCE_DOES_NOT_EXIST");
    }

    @Test
    void experimentTagsComeAndGo() throws Exception {
        client.post("experiments/set-experiment-tag", "{'experiment_id':'0','key':'k','value':'v'}");
        assertThat(client.get("experiments/get", Map.of("experiment_id", "0"))
                        .json()
                        .at("/experiment/tags/0/value")
                        .asText())
                .isEqualTo("v");
        assertThat(client.post("experiments/delete-experiment-tag", "{'experiment_id':'0','key':'k'}")
                        .status())
                .isEqualTo(200);
        assertThat(client.post("experiments/delete-experiment-tag", "{'experiment_id':'0','key':'k'}")
                        .status())
                .isEqualTo(404);
        assertInvalid(
                client.post(
                        "experiments/set-experiment-tag",
                        "{'experiment_id':'0','key':'k','value':'" + "x".repeat(5001) + "'}"),
                "'Tag value' exceeds the maximum length of 5000 characters");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlflow-artifacts:/../x", "mlflow-artifacts:/a?b", "mlflow-artifacts:/a#b", "a b:c"})
    void refusesArtifactLocationsThatClimb(String location) throws Exception {
        assertInvalid(
                client.post("experiments/create", "{'name':'e','artifact_location':'" + location + "'}"),
                "artifact_location");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlflow-artifacts:/shared/e", "mlflow-artifacts:///shared/e/"})
    void artifactsGoWhereTheExperimentSays(String location) throws Exception {
        client.post("experiments/create", "{'name':'e','artifact_location':'" + location + "'}");
        String inside = client.createRun("1", "inside");
        client.send("PUT", "/api/2.0/mlflow-artifacts/artifacts/shared/e/" + inside + "/artifacts/a.txt", "a");
        assertThat(client.get("artifacts/list", Map.of("run_id", inside))
                        .json()
                        .at("/files/0/path")
                        .asText())
                .isEqualTo("a.txt");
        assertThat(client.send("GET", "/get-artifact?path=a.txt&run_id=" + inside, "")
                        .body())
                .isEqualTo("a");
    }

    @Test
    void artifactsElsewhereAreNotListedHere() throws Exception {
        client.post("experiments/create", "{'name':'e','artifact_location':'s3://bucket/e'}");
        String elsewhere = client.createRun("1", "elsewhere");
        assertInvalid(client.get("artifacts/list", Map.of("run_id", elsewhere)), "s3://bucket/e/" + elsewhere);
        assertInvalid(client.get("artifacts/list", Map.of("run_id", run, "path", "../..")), "Invalid path");
    }

    @Test
    void runNameAndItsTagAgree() throws Exception {
        assertInvalid(
                client.post(
                        "runs/create",
                        "{'experiment_id':'0','run_name':'a','tags':[{'key':'mlflow.runName','value':'b'}]}"),
                "Both 'run_name' argument and 'mlflow.runName' tag are specified");
        client.post("runs/update", "{'run_id':'" + run + "','run_name':'new'}");
        JsonNode renamed = client.get("runs/get", Map.of("run_id", run)).json().get("run");
        assertThat(renamed.at("/info/run_name").asText()).isEqualTo("new");
        assertThat(renamed.at("/data/tags/0/value").asText()).isEqualTo("new");
        JsonNode unnamed =
                client.post("runs/create", "{'experiment_id':'0'}").json().get("run");
        assertThat(unnamed.at("/info/run_name").asText()).matches("[a-z]+-[a-z]+-\\d{1,3}");
        assertThat(unnamed.at("/info/start_time").asLong()).isGreaterThan(1_600_000_000_000L);
    }

    @Test
    void statusIsANameOrANumber() throws Exception {
        assertThat(client.post("runs/update", "{'run_id':'" + run + "','status':4}")
                        .json()
                        .at("/run_info/status")
                        .asText())
                .isEqualTo("FAILED");
        assertInvalid(client.post("runs/update", "{'run_id':'" + run + "','status':'ASLEEP'}"), "\"ASLEEP\"");
    }

    @Test
    void theSameDatasetIsOneInput() throws Exception {
        String input = "{'run_id':'" + run + "','datasets':[{'tags':[{'key':'mlflow.data.context','value':'eval'}],"
                + "'dataset':{'name':'d','digest':'x','source_type':'local','source':'{}','schema':'s','profile':'p'}}]}";
        assertThat(client.post("runs/log-inputs", input).status()).isEqualTo(200);
        assertThat(client.post("runs/log-inputs", input).status()).isEqualTo(200);
        JsonNode inputs = client.get("runs/get", Map.of("run_id", run)).json().at("/run/inputs/dataset_inputs");
        assertThat(inputs).hasSize(1);
        assertThat(inputs.at("/0/dataset/profile").asText()).isEqualTo("p");
        assertInvalid(
                client.post("runs/log-inputs", input.replace("'digest':'x'", "'digest':'" + "x".repeat(37) + "'")),
                "'digest' exceeds the maximum length of 36 characters");
    }

    @Test
    void loggedModelsGatherInATag() throws Exception {
        for (int i = 0; i < 2; i++) {
            assertThat(client.postJson(
                                    "runs/log-model",
                                    "{\"run_id\":\"" + run + "\",\"model_json\":\"{\\\"artifact_path\\\":\\\"m" + i
                                            + "\\\"}\"}")
                            .status())
                    .isEqualTo(200);
        }
        JsonNode tags = client.get("runs/get", Map.of("run_id", run)).json().at("/run/data/tags");
        assertThat(tags.at("/1/key").asText()).isEqualTo("mlflow.log-model.history");
        assertThat(tags.at("/1/value").asText()).isEqualTo("[{\"artifact_path\":\"m0\"},{\"artifact_path\":\"m1\"}]");
        assertInvalid(
                client.post("runs/log-model", "{'run_id':'" + run + "','model_json':'[]'}"), "must be a JSON object");
    }

    @Test
    void otherDoorsToTheSameRooms() throws Exception {
        assertThat(client.send("GET", "/ajax-api/2.0/mlflow/runs/get?run_id=" + run, "")
                        .statusCode())
                .isEqualTo(200);
        assertThat(client.send(
                                "GET",
                                "/api/2.0/mlflow/experiments/search?max_results=1&order_by=name&order_by=creation_time",
                                "")
                        .body())
                .contains("Default");
        assertThat(client.send("GET", "/api/2.0/mlflow/runs/create", "").statusCode())
                .isEqualTo(405);
        assertThat(client.send("PATCH", "/api/2.0/mlflow-artifacts/artifacts/x", "")
                        .statusCode())
                .isEqualTo(405);
        assertThat(client.send("GET", "/", "").statusCode()).isEqualTo(404);
    }
}
