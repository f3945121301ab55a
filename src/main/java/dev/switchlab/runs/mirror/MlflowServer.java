package dev.switchlab.runs.mirror;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One server and the two clients for it. For one thread: the official client has few connections.
 *
 * @param uri without a slash at its end
 */
record MlflowServer(URI uri, OfficialClient official, RestClient rest) implements AutoCloseable {
    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                    .build())
            .build();
    /** MLflow's largest page of a metric's history. */
    private static final int HISTORY_PAGE = 25_000;

    static MlflowServer at(URI uri, Credentials credentials, Duration limit) {
        return new MlflowServer(
                uri, new OfficialClient(uri, credentials, limit), new RestClient(uri, credentials, limit));
    }

    /** All points of a metric, in order of (time, step, value). The client's own method reads no second page. */
    List<MetricPoint> history(String runId, String key) throws ServerException {
        String query = "metrics/get-history?run_id=" + encoded(runId) + "&metric_key=" + encoded(key) + "&max_results="
                + HISTORY_PAGE;
        List<MetricPoint> points = new ArrayList<>();
        String token = "";
        do {
            JsonNode page = get(token.isEmpty() ? query : query + "&page_token=" + encoded(token));
            for (JsonNode point : page.path("metrics")) {
                points.add(new MetricPoint(
                        point.path("step").asLong(), point.path("timestamp").asLong(), number(point.path("value"))));
            }
            token = page.path("next_page_token").asText("");
        } while (!token.isEmpty());
        return points;
    }

    /** Numbers come as texts where JSON does not have them: NaN and infinities. */
    private static double number(JsonNode value) {
        return value.isNumber() ? value.doubleValue() : Double.parseDouble(value.asText());
    }

    /** Paths of the files in a folder of a run's artifacts and in its subfolders. */
    List<String> artifacts(String runId, String folder) throws ServerException {
        List<String> paths = new ArrayList<>();
        String query = "artifacts/list?run_id=" + encoded(runId);
        JsonNode listing = get(folder.isEmpty() ? query : query + "&path=" + encoded(folder));
        for (JsonNode entry : listing.path("files")) {
            String path = entry.path("path").asText();
            if (!entry.path("is_dir").asBoolean()) {
                paths.add(path);
            } else if (path.length() > folder.length()) {
                paths.addAll(artifacts(runId, path));
            }
        }
        return paths;
    }

    /** The datasets of a run: MLflow's messages for its inputs. */
    JsonNode inputs(String runId) throws ServerException {
        return get("runs/get?run_id=" + encoded(runId)).at("/run/inputs/dataset_inputs");
    }

    private JsonNode get(String pathAndQuery) throws ServerException {
        String json = official.call(client -> client.sendGet(pathAndQuery));
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new ServerException(Kind.UNUSABLE, "its answer is not MLflow's; is it an MLflow tracking server?", e);
        }
    }

    void post(String endpoint, ObjectNode body) throws ServerException {
        official.call(client -> client.sendPost(endpoint, body.toString()));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        official.close();
    }
}
