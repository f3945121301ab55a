package dev.switchlab.runs.fake;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a server has of the runs of a book, read over HTTP. */
public final class Copies {
    /** The tag of the server's run with the book's id of it. */
    public static final String KEY = "switchlab.run_key";

    private static final String OURS = "switchlab.mirror/";
    private static final String PARENT = "mlflow.parentRunId";

    private final URI server;
    private final String authorization;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    public Copies(URI server) {
        this(server, "");
    }

    /** @param authorization a header, or empty */
    public Copies(URI server, String authorization) {
        this.server = server;
        this.authorization = authorization;
    }

    /**
     * Asserts that the server has a run of the book as it is: each point once, params, tags, datasets, files, and how
     * it ended; and no twin of it.
     */
    public void assertWhole(BookRows book, String run) throws IOException, InterruptedException {
        List<JsonNode> copies = ofRun(run);
        assertThat(copies).as("runs of the server that are copies of " + run).hasSize(1);
        JsonNode copy = copies.get(0);
        String id = copy.at("/info/run_id").asText();

        assertThat(points(id, copy)).isEqualTo(book.points(run)).doesNotHaveDuplicates();
        assertThat(pairs(copy.at("/data/params"))).isEqualTo(book.params(run));
        Map<String, String> tags = book.tags(run);
        tags.keySet().removeIf(key -> key.startsWith(OURS));
        tags.put(KEY, run);
        if (tags.containsKey(PARENT)) {
            tags.put(PARENT, ofRun(tags.get(PARENT)).get(0).at("/info/run_id").asText());
        }
        assertThat(pairs(copy.at("/data/tags"))).isEqualTo(tags);
        assertThat(datasets(copy)).isEqualTo(book.datasets(run));
        assertThat(copy.at("/info/status").asText()).isEqualTo(book.status(run));
        Map<String, byte[]> files = files(id, copy.at("/info/artifact_uri").asText(), "");
        Map<String, byte[]> expected = book.artifacts(run);
        assertThat(files.keySet()).isEqualTo(expected.keySet());
        expected.forEach((path, bytes) -> assertThat(files.get(path)).as(path).isEqualTo(bytes));
    }

    /** The server's active runs that carry the book's id of a run. */
    public List<JsonNode> ofRun(String run) throws IOException, InterruptedException {
        List<JsonNode> found = new ArrayList<>();
        for (JsonNode experiment :
                post("experiments/search", "{\"max_results\":1000}").path("experiments")) {
            JsonNode runs = post(
                    "runs/search",
                    "{\"experiment_ids\":[\"" + experiment.path("experiment_id").asText() + "\"],\"filter\":\"tags.`"
                            + KEY + "` = '" + run + "'\",\"max_results\":100}");
            runs.path("runs").forEach(found::add);
        }
        return found;
    }

    private List<BookRows.Point> points(String id, JsonNode run) throws IOException, InterruptedException {
        List<BookRows.Point> points = new ArrayList<>();
        for (JsonNode latest : run.at("/data/metrics")) {
            String key = latest.path("key").asText();
            String token = "";
            do {
                JsonNode page = get("metrics/get-history?run_id=" + id + "&metric_key=" + encoded(key)
                        + "&max_results=25000" + (token.isEmpty() ? "" : "&page_token=" + encoded(token)));
                for (JsonNode point : page.path("metrics")) {
                    points.add(new BookRows.Point(
                            key,
                            point.path("step").asLong(),
                            point.path("timestamp").asLong(),
                            Double.parseDouble(point.path("value").asText())));
                }
                token = page.path("next_page_token").asText();
            } while (!token.isEmpty());
        }
        points.sort(Comparator.comparing(BookRows.Point::key)
                .thenComparingLong(BookRows.Point::timestamp)
                .thenComparingLong(BookRows.Point::step));
        return points;
    }

    private static Map<String, String> pairs(JsonNode list) {
        Map<String, String> pairs = new TreeMap<>();
        list.forEach(
                pair -> pairs.put(pair.path("key").asText(), pair.path("value").asText()));
        return pairs;
    }

    private static List<String> datasets(JsonNode run) {
        List<String> datasets = new ArrayList<>();
        run.at("/inputs/dataset_inputs")
                .forEach(input -> datasets.add(input.at("/dataset/name").asText() + " "
                        + input.at("/dataset/digest").asText()));
        datasets.sort(null);
        return datasets;
    }

    private Map<String, byte[]> files(String id, String uri, String folder) throws IOException, InterruptedException {
        Map<String, byte[]> files = new TreeMap<>();
        JsonNode listing = get("artifacts/list?run_id=" + id + (folder.isEmpty() ? "" : "&path=" + encoded(folder)));
        for (JsonNode entry : listing.path("files")) {
            String path = entry.path("path").asText();
            if (entry.path("is_dir").asBoolean()) {
                files.putAll(files(id, uri, path));
            } else {
                String whole = uri.substring("mlflow-artifacts:".length()) + "/" + path.replace(" ", "%20");
                files.put(
                        path,
                        send(request("/api/2.0/mlflow-artifacts/artifacts" + whole))
                                .body());
            }
        }
        return files;
    }

    public JsonNode get(String endpoint) throws IOException, InterruptedException {
        return FakeApi.parse(send(request("/api/2.0/mlflow/" + endpoint)).body());
    }

    public JsonNode post(String endpoint, String body) throws IOException, InterruptedException {
        return FakeApi.parse(answer(endpoint, body).body());
    }

    HttpResponse<byte[]> answer(String endpoint, String body) throws IOException, InterruptedException {
        return send(request("/api/2.0/mlflow/" + endpoint)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server + path));
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }
        return request;
    }

    private HttpResponse<byte[]> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), BodyHandlers.ofByteArray());
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
