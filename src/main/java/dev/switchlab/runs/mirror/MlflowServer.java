package dev.switchlab.runs.mirror;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.db.DatasetsTable.DatasetRow;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mlflow.api.proto.Service;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.Page;

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
    private static final int PAGE = 1000;
    /** MLflow's largest page of a metric's history. */
    private static final int HISTORY_PAGE = 25_000;

    static MlflowServer at(URI uri, Credentials credentials, Duration limit) {
        return new MlflowServer(
                uri, new OfficialClient(uri, credentials, limit), new RestClient(uri, credentials, limit));
    }

    /** The run with this whole id. */
    Optional<Service.Run> run(String id) throws ServerException {
        try {
            return Optional.of(official.call(client -> client.getRun(id)));
        } catch (ServerException e) {
            if (e.kind() == Kind.MISSING) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Runs by the beginning of their id, or their name. */
    List<Service.Run> runsCalled(String text) throws ServerException {
        return runs("").stream()
                .filter(run -> run.getInfo().getRunId().startsWith(text)
                        || run.getInfo().getRunName().equals(text))
                .toList();
    }

    /** The runs whose parent this one is. */
    List<Service.Run> children(String id) throws ServerException {
        return runs("tags.`" + RunInfo.PARENT_TAG + "` = '" + id + "'");
    }

    /** Active runs of all experiments. */
    private List<Service.Run> runs(String filter) throws ServerException {
        List<String> experiments =
                all(client -> client.searchExperiments("", ViewType.ACTIVE_ONLY, PAGE, List.of())).stream()
                        .map(Service.Experiment::getExperimentId)
                        .toList();
        return all(client -> client.searchRuns(experiments, filter, ViewType.ACTIVE_ONLY, PAGE, List.of()));
    }

    /** The items of all pages, each of which is a call of its own. */
    private <T> List<T> all(OfficialClient.Call<Page<T>> first) throws ServerException {
        List<T> items = new ArrayList<>();
        Page<T> page = official.call(first);
        page.getItems().forEach(items::add);
        while (page.hasNextPage()) {
            Page<T> current = page;
            page = official.call(client -> current.getNextPage());
            page.getItems().forEach(items::add);
        }
        return items;
    }

    /** All points of a metric, in order of (time, step, value). The client's own method reads no second page. */
    List<PointRow> history(String runId, String key) throws ServerException {
        String query = "metrics/get-history?run_id=" + encoded(runId) + "&metric_key=" + encoded(key) + "&max_results="
                + HISTORY_PAGE;
        List<PointRow> points = new ArrayList<>();
        String token = "";
        do {
            JsonNode page = get(token.isEmpty() ? query : query + "&page_token=" + encoded(token));
            for (JsonNode point : page.path("metrics")) {
                points.add(PointRow.of(
                        key,
                        number(point.path("value")),
                        point.path("timestamp").asLong(),
                        point.path("step").asLong()));
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

    /** The datasets of a run. */
    List<DatasetRow> datasets(String runId) throws ServerException {
        List<DatasetRow> rows = new ArrayList<>();
        for (JsonNode input : get("runs/get?run_id=" + encoded(runId)).at("/run/inputs/dataset_inputs")) {
            JsonNode dataset = input.path("dataset");
            rows.add(new DatasetRow(
                    dataset.path("name").asText(),
                    dataset.path("digest").asText(),
                    dataset.path("source_type").asText(),
                    dataset.path("source").asText(),
                    dataset.path("schema").asText(),
                    dataset.path("profile").asText(),
                    input.at("/tags/0/value").asText("training")));
        }
        return rows;
    }

    /** Adds a dataset to a run, a call that the client does not have. */
    void logDataset(String runId, DatasetRow dataset) throws ServerException {
        ObjectNode request = JsonNodeFactory.instance.objectNode().put("run_id", runId);
        ObjectNode input = request.withArray("datasets").addObject();
        input.withArray("tags").addObject().put("key", "mlflow.data.context").put("value", dataset.context());
        input.putObject("dataset")
                .put("name", dataset.name())
                .put("digest", dataset.digest())
                .put("source_type", dataset.sourceType())
                .put("source", dataset.source())
                .put("schema", dataset.schema())
                .put("profile", dataset.profile());
        post("runs/log-inputs", request);
    }

    /** Sets the status of a run that goes on again. */
    void setStatus(String runId, String status) throws ServerException {
        post(
                "runs/update",
                JsonNodeFactory.instance.objectNode().put("run_id", runId).put("status", status));
    }

    private JsonNode get(String pathAndQuery) throws ServerException {
        String json = official.call(client -> client.sendGet(pathAndQuery));
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new ServerException(Kind.UNUSABLE, "its answer is not MLflow's; is it an MLflow tracking server?", e);
        }
    }

    private void post(String endpoint, ObjectNode body) throws ServerException {
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
