package dev.switchlab.runs.fake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.runs.Book;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Endpoints below {@code /api/2.0/mlflow/}, answered as MLflow 3.11 was recorded. As MLflow does, it keeps everything
 * in {@code mlflow.db} in MLflow's schema, with SQL of its own, and in {@code mlartifacts/}; so a server that was
 * killed goes on with all that it had answered.
 */
final class FakeApi implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern NAME = Pattern.compile("[\\w.\\- :/]+");
    private static final Pattern TAG_FILTER = Pattern.compile("tags\\.`([^`]+)` = '([^']*)'");
    private static final String POINT = "key, CASE is_nan WHEN 1 THEN 'NaN' ELSE value END AS value, timestamp, step";
    private static final int MOST_METRICS = 1000;
    private static final int MOST_OTHERS = 100;
    private static final int LARGEST_BODY = 1_000_000;
    private static final int LONGEST_NAME = 250;
    private static final int LONGEST_PARAM = 6000;

    /** An answer of MLflow that says no. */
    static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1L;

        final int status;
        private final String code;

        private Refusal(int status, String code, String message) {
            super(message);
            this.status = status;
            this.code = code;
        }

        static Refusal invalid(String message) {
            return new Refusal(400, "INVALID_PARAMETER_VALUE", message);
        }

        static Refusal missing(String message) {
            return new Refusal(404, "RESOURCE_DOES_NOT_EXIST", message);
        }

        ObjectNode body() {
            return JSON.createObjectNode().put("error_code", code).put("message", getMessage());
        }
    }

    private final Path artifacts;
    private final String artifactRoot;
    private final Connection store;

    /**
     * @param folder of the store; made where it is missing
     * @param artifactRoot where artifacts of new runs are said to lie: {@code mlflow-artifacts:/} for a server that
     *     hands them on
     */
    FakeApi(Path folder, String artifactRoot) throws SQLException {
        Book.open(folder).close(); // its file is that of a real server, as BookFileTest checks
        this.artifacts = folder.resolve("mlartifacts");
        this.artifactRoot = artifactRoot;
        this.store = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("mlflow.db"));
        update("PRAGMA synchronous = NORMAL");
        update("CREATE TABLE IF NOT EXISTS fake_inputs (run_uuid, json, PRIMARY KEY (run_uuid, json))");
        store.setAutoCommit(false);
    }

    static JsonNode parse(byte[] body) {
        try {
            JsonNode json = JSON.readTree(body);
            return json == null ? JSON.createObjectNode() : json;
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode(); // MLflow goes on to complain of a missing parameter.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * All of what the request asks for, or nothing.
     *
     * @return the answer's body; empty for an unknown endpoint
     * @throws Refusal for the other answers of MLflow
     */
    synchronized Optional<ObjectNode> call(String endpoint, JsonNode request, int bytes) throws SQLException {
        if (endpoint.equals("runs/log-batch") && bytes > LARGEST_BODY) {
            throw Refusal.invalid("Batched logging API requests must be at most " + LARGEST_BODY + " bytes.");
        }
        try {
            Optional<ObjectNode> answer = answer(endpoint, request);
            store.commit();
            return answer;
        } catch (SQLException e) {
            throw new Refusal(400, "BAD_REQUEST", "(sqlite3.IntegrityError) " + e.getMessage());
        } finally {
            store.rollback();
        }
    }

    private Optional<ObjectNode> answer(String endpoint, JsonNode request) throws SQLException {
        return switch (endpoint) {
            case "experiments/create" -> wrap("experiment_id", createExperiment(request));
            case "experiments/get" ->
                wrap("experiment", experiment("experiment_id = ?", text(request, "experiment_id")));
            case "experiments/get-by-name" ->
                wrap("experiment", experiment("name = ?", text(request, "experiment_name")));
            case "experiments/search" -> page("experiments", experiments("name <> ''"), request);
            case "experiments/set-experiment-tag" -> {
                update(
                        "INSERT OR REPLACE INTO experiment_tags (experiment_id, key, value) VALUES (?, ?, ?)",
                        text(request, "experiment_id"),
                        text(request, "key"),
                        text(request, "value"));
                yield empty();
            }
            case "runs/create" -> wrap("run", run(createRun(request)));
            case "runs/search" -> page("runs", search(request), request);
            default -> {
                String run =
                        request.path("run_id").asText(request.path("run_uuid").asText());
                yield ofRun(endpoint, run, request);
            }
        };
    }

    private Optional<ObjectNode> ofRun(String endpoint, String run, JsonNode request) throws SQLException {
        switch (endpoint) {
            case "runs/get" -> {
                return wrap("run", run(run));
            }
            case "metrics/get-history" -> {
                // MLflow 3 gives no points where the request does not say how many.
                return request.has("max_results") ? page("metrics", history(run, request), request) : empty();
            }
            case "artifacts/list" -> {
                return Optional.of(artifacts(info(run), request.path("path").asText()));
            }
            case "runs/update" -> {
                requireActive(run);
                update(request, run);
                return wrap("run_info", info(run));
            }
            case "runs/delete", "runs/restore" -> {
                info(run);
                String stage = endpoint.equals("runs/delete") ? "deleted" : "active";
                update("UPDATE runs SET lifecycle_stage = ? WHERE run_uuid = ?", stage, run);
            }
            case "runs/log-metric" -> logMetric(requireActive(run), request);
            case "runs/log-parameter" -> logParam(requireActive(run), request);
            case "runs/set-tag" -> setTag(requireActive(run), request);
            case "runs/log-batch" -> logBatch(requireActive(run), request);
            case "runs/log-inputs" -> {
                for (JsonNode input : request.path("datasets")) {
                    update("INSERT OR IGNORE INTO fake_inputs VALUES (?, ?)", requireActive(run), input.toString());
                }
            }
            default -> {
                return Optional.empty();
            }
        }
        return empty();
    }

    private String createExperiment(JsonNode request) throws SQLException {
        String name = text(request, "name");
        if (!rows("SELECT name FROM experiments WHERE name = ?", name).isEmpty()) {
            throw new Refusal(400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=" + name + ") already exists.");
        }
        update("INSERT INTO experiments (name, lifecycle_stage) VALUES (?, 'active')", name);
        update("UPDATE experiments SET artifact_location = 'mlflow-artifacts:/' || experiment_id WHERE name = ?", name);
        String id = experiment("name = ?", name).path("experiment_id").asText();
        return id;
    }

    private ObjectNode experiment(String condition, String value) throws SQLException {
        return experiments(condition, value).stream()
                .findFirst()
                .orElseThrow(() -> Refusal.missing("No Experiment with " + condition + value + " exists"));
    }

    private List<ObjectNode> experiments(String condition, Object... arguments) throws SQLException {
        List<ObjectNode> experiments = rows(
                "SELECT CAST(experiment_id AS TEXT) AS experiment_id, name, artifact_location, lifecycle_stage FROM"
                        + " experiments WHERE experiments." + condition + " ORDER BY experiments.experiment_id DESC",
                arguments);
        for (ObjectNode experiment : experiments) {
            String id = experiment.path("experiment_id").asText();
            add(experiment, "tags", rows("SELECT key, value FROM experiment_tags WHERE experiment_id = ?", id));
        }
        return experiments;
    }

    private String createRun(JsonNode request) throws SQLException {
        String experiment = request.path("experiment_id").asText("0");
        experiment("experiment_id = ?", experiment);
        String tagged = "";
        for (JsonNode tag : request.path("tags")) {
            tagged = tag.path("key").asText().equals("mlflow.runName") ? text(tag, "value") : tagged;
        }
        String name = request.path("run_name").asText(tagged);
        if (!tagged.isEmpty() && !tagged.equals(name)) {
            throw Refusal.invalid("Both 'run_name' and 'mlflow.runName' are specified: " + name + ", " + tagged);
        }
        String id = UUID.randomUUID().toString().replace("-", "");
        update(
                "INSERT INTO runs (run_uuid, experiment_id, user_id, status, start_time, artifact_uri, lifecycle_stage)"
                        + " VALUES (?, ?, ?, 'RUNNING', ?, ?, 'active')",
                id,
                experiment,
                request.path("user_id").asText(),
                request.path("start_time").asLong(),
                artifactRoot + experiment + "/" + id + "/artifacts");
        for (JsonNode tag : request.path("tags")) {
            setTag(id, tag);
        }
        setTag(
                id,
                JSON.createObjectNode()
                        .put("key", "mlflow.runName")
                        .put("value", name.isEmpty() ? "auspicious-flea-956" : name));
        return id;
    }

    private void update(JsonNode request, String run) throws SQLException {
        if (request.has("status")) {
            update("UPDATE runs SET status = ? WHERE run_uuid = ?", text(request, "status"), run);
        }
        if (request.has("end_time")) {
            update(
                    "UPDATE runs SET end_time = ? WHERE run_uuid = ?",
                    request.path("end_time").asLong(),
                    run);
        }
        if (request.has("run_name")) {
            setTag(run, JSON.createObjectNode().put("key", "mlflow.runName").set("value", request.path("run_name")));
        }
    }

    private ObjectNode info(String run) throws SQLException {
        if (run.isEmpty()) {
            throw Refusal.invalid("Missing value for required parameter 'run_id'.");
        }
        return rows(
                        "SELECT run_uuid, run_uuid AS run_id, CAST(experiment_id AS TEXT) AS experiment_id,"
                                + " name AS run_name, user_id, status, start_time, end_time, artifact_uri,"
                                + " lifecycle_stage FROM runs WHERE run_uuid = ?",
                        run)
                .stream()
                .findFirst()
                .orElseThrow(() -> Refusal.missing("Run with id=" + run + " not found"));
    }

    private String requireActive(String run) throws SQLException {
        if (!info(run).path("lifecycle_stage").asText().equals("active")) {
            throw Refusal.invalid("The run " + run + " must be in the 'active' state. Current state is deleted.");
        }
        return run;
    }

    private ObjectNode run(String id) throws SQLException {
        ObjectNode run = JSON.createObjectNode().set("info", info(id));
        ObjectNode data = run.putObject("data");
        add(
                data,
                "metrics",
                rows(
                        "SELECT " + POINT + " FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY step DESC,"
                                + " timestamp DESC, value DESC) AS place FROM metrics WHERE run_uuid = ?)"
                                + " WHERE place = 1",
                        id));
        add(data, "params", rows("SELECT key, value FROM params WHERE run_uuid = ?", id));
        add(data, "tags", rows("SELECT key, value FROM tags WHERE run_uuid = ?", id));
        ObjectNode inputs = run.putObject("inputs");
        for (ObjectNode row : rows("SELECT json FROM fake_inputs WHERE run_uuid = ?", id)) {
            inputs.withArray("dataset_inputs")
                    .add(parse(row.path("json").asText().getBytes(StandardCharsets.UTF_8)));
        }
        return run;
    }

    private void logBatch(String run, JsonNode request) throws SQLException {
        int metrics = request.path("metrics").size();
        int params = request.path("params").size();
        int tags = request.path("tags").size();
        Set<String> keys = new HashSet<>();
        request.path("params").forEach(param -> keys.add(text(param, "key")));
        if (metrics + params + tags > MOST_METRICS || params > MOST_OTHERS || tags > MOST_OTHERS) {
            throw Refusal.invalid("A batch logging request can contain at most 1000 metrics, params, and tags.");
        }
        if (keys.size() < params) {
            throw Refusal.invalid("Duplicate parameter keys have been submitted.");
        }
        for (JsonNode param : request.path("params")) {
            logParam(run, param);
        }
        for (JsonNode metric : request.path("metrics")) {
            logMetric(run, metric);
        }
        for (JsonNode tag : request.path("tags")) {
            setTag(run, tag);
        }
    }

    /** MLflow looks for points that it has by value, and NaN equals nothing: so a NaN that is there breaks the key. */
    private void logMetric(String run, JsonNode metric) throws SQLException {
        String text = text(metric, "value");
        if (!text.matches("-?(Infinity|[0-9.Ee+-]+)|NaN")) {
            throw Refusal.invalid("Invalid value \"" + text + "\" for parameter 'value' supplied");
        }
        double value = Double.parseDouble(text);
        boolean isNan = Double.isNaN(value);
        update(
                (isNan ? "INSERT" : "INSERT OR IGNORE")
                        + " INTO metrics (run_uuid, key, value, is_nan, timestamp, step) VALUES (?, ?, ?, ?, ?, ?)",
                run,
                name(metric),
                isNan ? 0.0 : Math.max(-Double.MAX_VALUE, Math.min(Double.MAX_VALUE, value)),
                isNan ? 1 : 0,
                metric.path("timestamp").asLong(),
                metric.path("step").asLong());
    }

    private void logParam(String run, JsonNode param) throws SQLException {
        String whole = text(param, "value");
        String value = whole.substring(0, Math.min(whole.length(), LONGEST_PARAM));
        update("INSERT OR IGNORE INTO params (run_uuid, key, value) VALUES (?, ?, ?)", run, name(param), value);
        String kept = rows("SELECT value FROM params WHERE run_uuid = ? AND key = ?", run, name(param))
                .get(0)
                .path("value")
                .asText();
        if (!kept.equals(value)) {
            throw Refusal.invalid("Changing param values is not allowed: " + name(param));
        }
    }

    private void setTag(String run, JsonNode tag) throws SQLException {
        String value = text(tag, "value");
        update("INSERT OR REPLACE INTO tags (run_uuid, key, value) VALUES (?, ?, ?)", run, name(tag), value);
        if (name(tag).equals("mlflow.runName")) {
            update("UPDATE runs SET name = ? WHERE run_uuid = ?", value, run);
        }
    }

    /** A name that MLflow takes for metrics, params and tags. */
    private static String name(JsonNode item) {
        String name = text(item, "key");
        Path asFile = Path.of(name);
        if (name.length() > LONGEST_NAME
                || !NAME.matcher(name).matches()
                || asFile.isAbsolute()
                || name.startsWith("..")
                || !asFile.normalize().toString().equals(name)) {
            throw Refusal.invalid("Invalid value \"" + name + "\" for parameter 'key' supplied");
        }
        return name;
    }

    private List<ObjectNode> search(JsonNode request) throws SQLException {
        Set<String> experiments = new HashSet<>();
        request.path("experiment_ids").forEach(id -> experiments.add(id.asText()));
        String stage =
                request.path("run_view_type").asText("ACTIVE_ONLY").equals("DELETED_ONLY") ? "deleted" : "active";
        String filter = request.path("filter").asText();
        Matcher tag = TAG_FILTER.matcher(filter);
        if (!filter.isEmpty() && !tag.matches()) {
            throw Refusal.invalid("Invalid clause(s) in filter string: '" + filter + "'");
        }
        String wanted = "SELECT run_uuid, experiment_id FROM runs WHERE lifecycle_stage = ?";
        String order = " ORDER BY start_time DESC";
        List<ObjectNode> found = filter.isEmpty()
                ? rows(wanted + order, stage)
                : rows(
                        wanted + " AND run_uuid IN (SELECT run_uuid FROM tags WHERE key = ? AND value = ?)" + order,
                        stage,
                        tag.group(1),
                        tag.group(2));
        List<ObjectNode> runs = new ArrayList<>();
        for (ObjectNode run : found) {
            if (experiments.contains(run.path("experiment_id").asText())) {
                runs.add(run(run.path("run_uuid").asText()));
            }
        }
        return runs;
    }

    private List<ObjectNode> history(String run, JsonNode request) throws SQLException {
        return rows(
                "SELECT " + POINT
                        + " FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY timestamp, step, metrics.value",
                run,
                text(request, "metric_key"));
    }

    private static Optional<ObjectNode> page(String name, List<ObjectNode> all, JsonNode request) {
        String token = request.path("page_token").asText();
        int from = token.isEmpty()
                ? 0
                : parse(Base64.getDecoder().decode(token)).path("offset").asInt();
        int to = Math.min(all.size(), from + request.path("max_results").asInt(1000));
        ObjectNode page = JSON.createObjectNode();
        add(page, name, all.subList(from, to));
        if (to < all.size()) {
            byte[] next = ("{\"offset\": " + to + "}").getBytes(StandardCharsets.UTF_8);
            page.put("next_page_token", Base64.getEncoder().encodeToString(next));
        }
        return Optional.of(page);
    }

    private ObjectNode artifacts(ObjectNode run, String path) {
        Path root = artifact(
                run.path("experiment_id").asText() + "/" + run.path("run_id").asText() + "/artifacts");
        ObjectNode answer =
                JSON.createObjectNode().put("root_uri", run.path("artifact_uri").asText());
        if (!Files.isDirectory(root.resolve(path))) {
            return answer;
        }
        try (Stream<Path> found = Files.list(root.resolve(path))) {
            for (Path file : found.sorted().toList()) {
                ObjectNode json = answer.withArray("files").addObject();
                json.put("path", root.relativize(file).toString()).put("is_dir", Files.isDirectory(file));
                if (!Files.isDirectory(file)) {
                    json.put("file_size", Files.size(file));
                }
            }
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param path below the root of all artifacts */
    Path artifact(String path) {
        if (path.contains("..")) {
            throw Refusal.invalid("Invalid path");
        }
        return artifacts.resolve(path);
    }

    /** The file is there as a whole or not at all. */
    void putArtifact(Path file, byte[] bytes) throws IOException {
        Files.createDirectories(file.getParent());
        Path part = Files.write(artifacts.resolve("." + UUID.randomUUID()), bytes);
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    }

    private static Optional<ObjectNode> empty() {
        return Optional.of(JSON.createObjectNode());
    }

    private static Optional<ObjectNode> wrap(String name, Object content) {
        return Optional.of(JSON.createObjectNode().set(name, JSON.valueToTree(content)));
    }

    /** Empty lists are omitted, as MLflow does. */
    private static void add(ObjectNode json, String name, List<ObjectNode> items) {
        items.forEach(item -> json.withArray(name).add(item));
    }

    private static String text(JsonNode request, String parameter) {
        JsonNode value = request.path(parameter);
        if (value.isMissingNode() || (value.asText().isEmpty() && parameter.equals("name"))) {
            throw Refusal.invalid("Missing value for required parameter '" + parameter
                    + "'. See the API docs for more information about request parameters.");
        }
        return value.asText();
    }

    private PreparedStatement prepare(String sql, Object... arguments) throws SQLException {
        PreparedStatement statement = store.prepareStatement(sql);
        for (int i = 0; i < arguments.length; i++) {
            statement.setObject(i + 1, arguments[i]);
        }
        return statement;
    }

    private void update(String sql, Object... arguments) throws SQLException {
        try (PreparedStatement statement = prepare(sql, arguments)) {
            statement.executeUpdate();
        }
    }

    /** An object a row, with the columns that are not null. */
    private List<ObjectNode> rows(String sql, Object... arguments) throws SQLException {
        try (PreparedStatement statement = prepare(sql, arguments);
                ResultSet rows = statement.executeQuery()) {
            ResultSetMetaData columns = rows.getMetaData();
            List<ObjectNode> objects = new ArrayList<>();
            while (rows.next()) {
                ObjectNode object = JSON.createObjectNode();
                for (int i = 1; i <= columns.getColumnCount(); i++) {
                    if (rows.getObject(i) != null) {
                        object.set(columns.getColumnLabel(i), JSON.valueToTree(rows.getObject(i)));
                    }
                }
                objects.add(object);
            }
            return objects;
        }
    }

    @Override
    public void close() {
        try {
            store.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
