package dev.switchlab.runs.mirror;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.util.concurrent.ExecutionError;
import com.google.common.util.concurrent.SimpleTimeLimiter;
import com.google.common.util.concurrent.ThreadFactoryBuilder;
import com.google.common.util.concurrent.TimeLimiter;
import com.google.common.util.concurrent.UncheckedExecutionException;
import dev.switchlab.runs.Redactor;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.db.DatasetsTable.DatasetRow;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.mlflow.api.proto.Service;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowClientException;
import org.mlflow.tracking.MlflowHttpException;
import org.mlflow.tracking.Page;

/**
 * An MLflow server, accessed through MLflow's Java client with a time limit. The client has no timeouts, and hangs
 * forever after three responses of 429. So each call runs in a separate thread; if it takes too long, the client is
 * closed, which ends the call, and replaced.
 *
 * <p>After an error response, the client repeats a request up to three times. So only idempotent calls use the client;
 * creating a run does not ({@link RestClient}).
 *
 * <p>Used by one thread: the client has few connections.
 */
final class MlflowServer implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int PAGE = 1000;
    /** MLflow's largest page of a metric's history. */
    private static final int HISTORY_PAGE = 25_000;

    /** A call to the server. */
    interface Call<T> {
        T on(MlflowClient client) throws Exception;
    }

    /**
     * The client's HTTP library logs every repetition. Held here because the JDK keeps only weak references to loggers.
     */
    private static final Logger HTTP_LOG = Logger.getLogger("org.mlflow_project.apachehttp");

    static {
        HTTP_LOG.setLevel(Level.WARNING);
    }

    /** A call that takes too long is interrupted and its thread abandoned; the next call uses another thread. */
    private static final TimeLimiter LIMITER =
            SimpleTimeLimiter.create(Executors.newCachedThreadPool(new ThreadFactoryBuilder()
                    .setNameFormat("mlflow-client-%d")
                    .setDaemon(true)
                    .build()));

    private final URI uri;
    private final RestClient rest;
    private final Credentials credentials;
    private final Duration limit;
    private final Redactor redactor;
    private MlflowClient client;
    private volatile boolean answered;

    /**
     * @param uri without a trailing slash
     * @param limit of one call
     */
    MlflowServer(URI uri, Credentials credentials, Duration limit) {
        this.uri = uri;
        this.rest = new RestClient(uri, credentials, limit);
        this.credentials = credentials;
        this.limit = limit;
        this.redactor = new Redactor(credentials.secrets());
    }

    URI uri() {
        return uri;
    }

    /** The calls that do not use MLflow's client. */
    RestClient rest() {
        return rest;
    }

    /** Calls the server within the time limit. */
    synchronized <T> T call(Call<T> call) throws ServerException {
        if (client == null) {
            client = new MlflowClient(credentials.forHost(uri.toString()));
        }
        MlflowClient current = client;
        try {
            T answer = LIMITER.callWithTimeout(() -> call.on(current), limit);
            answered = true;
            return answer;
        } catch (TimeoutException e) {
            close();
            throw new ServerException(Kind.PASSING, "no answer within " + limit.toMillis() / 1000.0 + " s", e);
        } catch (InterruptedException e) {
            close();
            Thread.currentThread().interrupt();
            throw new ServerException(Kind.PASSING, "interrupted", e);
        } catch (ExecutionException | UncheckedExecutionException | ExecutionError e) {
            throw failure(e.getCause());
        }
    }

    /** Whether the server has ever responded. */
    boolean hasAnswered() {
        return answered;
    }

    private ServerException failure(Throwable cause) {
        if (cause instanceof MlflowHttpException http) {
            answered = true;
            String body = http.getBodyMessage();
            return ServerException.ofAnswer(http.getStatusCode(), body == null ? "" : body, redactor);
        }
        Throwable root = cause;
        while (root instanceof MlflowClientException && root.getCause() != null) {
            root = root.getCause();
        }
        // The client throws unchecked exceptions for its own checks and for a connection that broke after a timeout.
        boolean foreign = root.getClass().getName().contains("InvalidProtocolBuffer");
        if (foreign) {
            return new ServerException(
                    Kind.UNUSABLE, "its answer is not MLflow's; is it an MLflow tracking server?", cause);
        }
        if (root instanceof IOException || root instanceof IllegalStateException) {
            return new ServerException(Kind.PASSING, redactor.clean(RestClient.reason(root)), cause);
        }
        if (cause instanceof Error error) {
            throw error;
        }
        return new ServerException(Kind.PASSING, redactor.clean(String.valueOf(cause)), cause);
    }

    /** The run with this full id. */
    Optional<Service.Run> run(String id) throws ServerException {
        try {
            return Optional.of(call(client -> client.getRun(id)));
        } catch (ServerException e) {
            if (e.kind() == Kind.MISSING) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Sets a tag of a run. */
    void tag(String runId, String key, String value) throws ServerException {
        call(client -> {
            client.setTag(runId, key, value);
            return key;
        });
    }

    /** Runs by name or a prefix of their id. */
    List<Service.Run> runsCalled(String text) throws ServerException {
        return runs("").stream()
                .filter(run -> run.getInfo().getRunId().startsWith(text)
                        || run.getInfo().getRunName().equals(text))
                .toList();
    }

    /** The children of a run. */
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

    /** The items of all pages, with one call per page. */
    private <T> List<T> all(Call<Page<T>> first) throws ServerException {
        List<T> items = new ArrayList<>();
        Page<T> page = call(first);
        page.getItems().forEach(items::add);
        while (page.hasNextPage()) {
            Page<T> current = page;
            page = call(client -> current.getNextPage());
            page.getItems().forEach(items::add);
        }
        return items;
    }

    /** All points of a metric, in order of (time, step, value). The client's method reads only the first page. */
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

    /** Parses a number; NaN and infinities are strings because JSON lacks them. */
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

    /** Adds a dataset to a run; the client lacks this call. */
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

    /** Sets the status of a resumed run. */
    void setStatus(String runId, String status) throws ServerException {
        post(
                "runs/update",
                JsonNodeFactory.instance.objectNode().put("run_id", runId).put("status", status));
    }

    private JsonNode get(String pathAndQuery) throws ServerException {
        String json = call(client -> client.sendGet(pathAndQuery));
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new ServerException(Kind.UNUSABLE, "its answer is not MLflow's; is it an MLflow tracking server?", e);
        }
    }

    private void post(String endpoint, ObjectNode body) throws ServerException {
        call(client -> client.sendPost(endpoint, body.toString()));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** Ends running calls; a later call creates a new client. */
    @Override
    public synchronized void close() {
        if (client != null) {
            client.close();
            client = null;
        }
    }
}
