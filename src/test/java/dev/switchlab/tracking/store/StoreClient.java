package dev.switchlab.tracking.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;

/** A plain HTTP client of the REST interface. JSON in tests is written with single quotes for double ones. */
final class StoreClient {
    static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String API = "/api/2.0/mlflow/";
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI base;

    StoreClient(URI base) {
        this.base = base;
    }

    /** An answer whose body is JSON. */
    record Answer(int status, JsonNode json) {
        String errorCode() {
            return json.path("error_code").asText();
        }

        String message() {
            return json.path("message").asText();
        }
    }

    Answer post(String endpoint, String jsonWithSingleQuotes) throws IOException, InterruptedException {
        return postJson(endpoint, jsonWithSingleQuotes.replace('\'', '"'));
    }

    Answer postJson(String endpoint, String json) throws IOException, InterruptedException {
        return answer(send(HttpRequest.newBuilder(base.resolve(API + endpoint))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))));
    }

    Answer get(String endpoint, Map<String, String> query) throws IOException, InterruptedException {
        return answer(send(HttpRequest.newBuilder(base.resolve(API + endpoint + query(query)))));
    }

    static String query(Map<String, String> query) {
        return query.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&", "?", ""));
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    HttpResponse<String> send(String method, String path, String body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(base + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body)));
    }

    static Answer answer(HttpResponse<String> response) throws IOException {
        return new Answer(response.statusCode(), MAPPER.readTree(response.body()));
    }

    /** Creates a run and returns its id. */
    String createRun(String experimentId, String name) throws IOException, InterruptedException {
        return post(
                        "runs/create",
                        "{'experiment_id':'" + experimentId + "','run_name':'" + name + "','start_time':1000}")
                .json()
                .at("/run/info/run_id")
                .asText();
    }

    HttpClient http() {
        return http;
    }

    URI uri(String path) {
        return URI.create(base + path);
    }
}
