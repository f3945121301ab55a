package dev.switchlab.runs.fake;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The fake answers as a recorded MLflow server does, in what the mirror relies on; and it keeps what it has answered.
 */
class FakeMlflowTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private FakeMlflow fake;

    @BeforeEach
    void start() throws Exception {
        fake = FakeMlflow.start(folder);
    }

    @AfterEach
    void stop() {
        fake.close();
    }

    /**
     * Sends the requests that MLflow's own Java client and the mirror sent to MLflow 3.11, in between through a
     * restart, and compares status, error code and contents with what that server answered.
     */
    @Test
    void answersAsTheRecordedServerDid() throws Exception {
        List<JsonNode> exchanges = new ArrayList<>();
        try (InputStream in = FakeMlflowTest.class.getResourceAsStream("mlflow-3.11.jsonl")) {
            JSON.readerFor(JsonNode.class).<JsonNode>readValues(in).forEachRemaining(exchanges::add);
        }
        Map<String, String> ids = new HashMap<>();
        for (JsonNode exchange : exchanges) {
            if (exchange.path("call").asText().equals("getRun")) {
                fake.close();
                fake = FakeMlflow.start(folder, fake.uri().getPort());
            }
            HttpResponse<String> answer = replay(exchange, ids);
            String call = exchange.path("call").asText();
            assertThat(answer.statusCode())
                    .as(call)
                    .isEqualTo(exchange.path("status").asInt());
            if (exchange.has("run")) {
                ids.put(
                        exchange.path("run").asText(),
                        JSON.readTree(answer.body()).at("/run/info/run_id").asText());
            }
            String body = answer.body();
            for (Map.Entry<String, String> id : ids.entrySet()) {
                body = body.replace(id.getValue(), id.getKey());
            }
            JsonNode expected = exchange.path("response");
            if (expected.has("text")) {
                assertThat(body).as(call).isEqualTo(expected.path("text").asText());
            } else if (expected.has("json")) {
                assertThat(leaves(JSON.readTree(body))).as(call).isEqualTo(leaves(expected.path("json")));
            }
        }
        assertThat(exchanges).hasSizeGreaterThan(70);
    }

    private HttpResponse<String> replay(JsonNode exchange, Map<String, String> ids) throws Exception {
        String text = exchange.toString();
        for (Map.Entry<String, String> id : ids.entrySet()) {
            text = text.replace(id.getKey(), id.getValue());
        }
        JsonNode mapped = JSON.readTree(text);
        String query = mapped.path("query").properties().stream()
                .map(pair ->
                        pair.getKey() + "=" + URLEncoder.encode(pair.getValue().asText(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
        JsonNode request = mapped.path("request");
        String body = request.has("text")
                ? request.path("text").asText()
                : request.path("json").toString();
        HttpRequest.Builder builder = HttpRequest.newBuilder(
                URI.create(fake.uri() + mapped.path("path").asText() + (query.isEmpty() ? "" : "?" + query)));
        String method = mapped.path("method").asText();
        builder.method(method, method.equals("GET") ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        return HttpClient.newHttpClient().send(builder.build(), BodyHandlers.ofString());
    }

    /** Everything that an answer tells, without the order of keys; of an error only its code. */
    private static List<String> leaves(JsonNode json) {
        if (json.has("error_code")) {
            return List.of(json.path("error_code").asText());
        }
        List<String> leaves = new ArrayList<>();
        collect("", json, leaves);
        leaves.sort(Comparator.naturalOrder());
        return leaves;
    }

    private static void collect(String path, JsonNode json, List<String> leaves) {
        for (int i = 0; i < json.size() && json.isArray(); i++) {
            String key = json.get(i).path("key").asText(Integer.toString(i));
            collect(path + "/" + key + "@" + json.get(i).path("timestamp").asText(), json.get(i), leaves);
        }
        json.properties().forEach(field -> collect(path + "/" + field.getKey(), field.getValue(), leaves));
        if (json.isValueNode()) {
            leaves.add(path + "=" + json.asText());
        }
    }

    @Test
    void aPointIsKeptOnceAndANanIsRefusedWhenItIsThere() throws Exception {
        String run = createRun("");
        String batch =
                "{\"run_id\":\"" + run + "\",\"metrics\":[{\"key\":\"a\",\"value\":2.5,\"timestamp\":1,\"step\":1}%s]}";
        for (int i = 0; i < 2; i++) {
            assertThat(answer("runs/log-batch", batch.formatted("")).statusCode())
                    .isEqualTo(200);
        }
        String nan = batch.formatted(
                ",{\"key\":\"b\",\"value\":\"NaN\",\"timestamp\":1},{\"key\":\"c\",\"value\":1,\"timestamp\":1}");
        assertThat(answer("runs/log-batch", nan).statusCode()).isEqualTo(200);
        refused("BAD_REQUEST", nan.replace("\"c\"", "\"d\""));
        JsonNode metrics = fake.call("runs/get", "{\"run_id\":\"" + run + "\"}").at("/run/data/metrics");
        assertThat(metrics).extracting(metric -> metric.path("key").asText()).containsExactly("a", "b", "c");
        String history = "{\"run_id\":\"" + run + "\",\"metric_key\":\"a\",\"max_results\":9}";
        assertThat(fake.call("metrics/get-history", history).path("metrics")).hasSize(1);
    }

    /** Limits whose requests were cut short in the record. */
    @Test
    void refusesWhatIsTooMuch() throws Exception {
        String of = "{\"run_id\":\"" + createRun("") + "\",";
        String points = String.join(",", Collections.nCopies(1001, "{\"key\":\"x\",\"value\":1,\"timestamp\":1}"));
        String tags = String.join(",", Collections.nCopies(101, "{\"key\":\"x\",\"value\":\"1\"}"));
        for (String much : List.of(
                "\"metrics\":[" + points + "]", "\"tags\":[" + tags + "]", "\"x\":\"" + "x".repeat(1_000_000) + "\"")) {
            refused("INVALID_PARAMETER_VALUE", of + much + "}");
        }
        fake.lack("runs/log-inputs");
        assertThat(answer("runs/log-inputs", of + "\"x\":1}").body()).startsWith("<!doctype html>");
        fake.requireAuthorization("Basic x");
        assertThat(answer("runs/search", "{}").statusCode()).isEqualTo(401);
    }

    @Test
    void searchesByTagAndPageByPage() throws Exception {
        List<String> runs = new ArrayList<>();
        for (String key : List.of("a", "b", "a")) {
            runs.add(createRun(",\"start_time\":" + (100 - runs.size()) + ",\"tags\":[{\"key\":\"" + Copies.KEY
                    + "\",\"value\":\"" + key + "\"}]"));
        }
        String tagged = "{\"experiment_ids\":[\"0\"],\"filter\":\"tags.`" + Copies.KEY + "` = 'a'\"}";
        assertThat(fake.call("runs/search", tagged).path("runs"))
                .extracting(run -> run.at("/info/run_id").asText())
                .containsExactly(runs.get(0), runs.get(2));
        JsonNode first = fake.call("runs/search", "{\"experiment_ids\":[\"0\"],\"max_results\":2}");
        JsonNode second = fake.call(
                "runs/search",
                "{\"experiment_ids\":[\"0\"],\"max_results\":2,\"page_token\":" + first.path("next_page_token") + "}");
        assertThat(first.path("runs")).hasSize(2);
        assertThat(second.path("runs")).hasSize(1);
        assertThat(second.has("next_page_token")).isFalse();
        fake.call("runs/delete", "{\"run_id\":\"" + runs.get(0) + "\"}");
        assertThat(fake.call("runs/search", tagged).path("runs")).hasSize(1);
    }

    private String createRun(String more) throws Exception {
        return fake.call("runs/create", "{\"experiment_id\":\"0\"" + more + "}")
                .at("/run/info/run_id")
                .asText();
    }

    private void refused(String code, String batch) throws Exception {
        HttpResponse<String> answer = answer("runs/log-batch", batch);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(JSON.readTree(answer.body()).path("error_code").asText()).isEqualTo(code);
    }

    private HttpResponse<String> answer(String endpoint, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(fake.uri() + "/api/2.0/mlflow/" + endpoint))
                .POST(BodyPublishers.ofString(body))
                .build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    }
}
