package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The endpoints that add to a run (metrics, params, tags, datasets, models) and metrics/get-history. */
final class LoggingApi {
    private static final int MAX_BATCH_METRICS = 1000;
    private static final int MAX_BATCH_PARAMS = 100;
    private static final int MAX_BATCH_TAGS = 100;
    private static final int MAX_BATCH_ITEMS = 1000;
    private static final String LOGGED_MODELS_TAG = "mlflow.log-model.history";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Database database;

    LoggingApi(Database database) {
        this.database = database;
    }

    void logMetric(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String runId = request.requiredString("run_id", "run_uuid");
        List<Metric> points = List.of(metric(request, "", new HashSet<>()));
        database.write(session -> {
            Runs.requireActive(session, runId);
            Metrics.log(session, runId, points);
            return null;
        });
    }

    void logParam(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String runId = request.requiredString("run_id", "run_uuid");
        KeyValue param = param(request, "");
        database.write(session -> {
            Runs.requireActive(session, runId);
            Params.log(session, runId, param);
            return null;
        });
    }

    void setTag(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String runId = request.requiredString("run_id", "run_uuid");
        KeyValue tag = tag(request, "");
        database.write(session -> {
            Runs.requireActive(session, runId);
            Tags.set(session, runId, tag);
            return null;
        });
    }

    void deleteTag(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String runId = request.requiredString("run_id", "run_uuid");
        String key = request.requiredString("key");
        database.write(session -> {
            Runs.requireActive(session, runId);
            if (!Tags.delete(session, runId, key)) {
                throw ApiException.missing("No tag with name: " + key + " in run with id " + runId);
            }
            return null;
        });
    }

    void logBatch(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String runId = request.requiredString("run_id");
        List<Metric> metrics = metrics(request);
        List<KeyValue> params = params(request);
        List<KeyValue> tags = tags(request, "tags");
        checkBatch("metrics", metrics.size(), MAX_BATCH_METRICS);
        checkBatch("params", params.size(), MAX_BATCH_PARAMS);
        checkBatch("tags", tags.size(), MAX_BATCH_TAGS);
        checkBatch("metrics, params, and tags", metrics.size() + params.size() + tags.size(), MAX_BATCH_ITEMS);
        checkUnique(params);
        database.write(session -> {
            Runs.requireActive(session, runId);
            Params.logAll(session, runId, params);
            Metrics.log(session, runId, metrics);
            for (KeyValue tag : tags) {
                Tags.set(session, runId, tag);
            }
            return null;
        });
    }

    void logInputs(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String runId = request.requiredString("run_id");
        if (!request.messages("models").isEmpty()) {
            throw ApiException.invalid("'models': this store has no logged models; allowed: 'datasets'");
        }
        List<Datasets.Input> inputs =
                request.messages("datasets").stream().map(LoggingApi::input).toList();
        database.write(session -> {
            Runs.Run run = Runs.requireActive(session, runId);
            for (Datasets.Input input : inputs) {
                Datasets.log(session, run, input);
            }
            return null;
        });
    }

    /** Python's log_model: appends the model's description to a tag. */
    void logModel(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String runId = request.requiredString("run_id");
        JsonNode model = parse(request.requiredString("model_json"));
        if (!model.isObject()) {
            throw ApiException.invalid("Malformed model info: model_json must be a JSON object");
        }
        database.write(session -> {
            Runs.requireActive(session, runId);
            ArrayNode history = MAPPER.createArrayNode();
            JsonNode known = parse(Tags.get(session, runId, LOGGED_MODELS_TAG).orElse("[]"));
            known.forEach(history::add);
            history.add(model);
            Tags.set(session, runId, new KeyValue(LOGGED_MODELS_TAG, history.toString()));
            return null;
        });
    }

    void history(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String runId = request.requiredString("run_id", "run_uuid");
        String key = request.requiredString("metric_key");
        // Without max_results MLflow 2.x answers all points; 3.x answers none, which no client can want.
        boolean paged = request.has("max_results");
        int limit = paged ? request.maxResults(0, Integer.MAX_VALUE - 1) : -1;
        long offset = PageToken.offset(request);
        List<Metric> points =
                database.read(session -> Metrics.history(session, runId, key, paged ? limit + 1L : -1, offset));
        boolean hasNext = paged && points.size() > limit;
        if (!points.isEmpty()) {
            out.writeArrayFieldStart("metrics");
            for (Metric point : hasNext ? points.subList(0, limit) : points) {
                point.write(out);
            }
            out.writeEndArray();
        }
        PageToken.write(out, hasNext, offset + limit);
    }

    private static List<Metric> metrics(RequestMessage request) {
        List<RequestMessage> items = request.messages("metrics");
        List<Metric> metrics = new ArrayList<>(items.size());
        Set<String> checkedKeys = new HashSet<>();
        for (RequestMessage item : items) {
            metrics.add(metric(item, "metrics[" + metrics.size() + "]", checkedKeys));
        }
        return metrics;
    }

    private static List<KeyValue> params(RequestMessage request) {
        List<KeyValue> params = new ArrayList<>();
        for (RequestMessage item : request.messages("params")) {
            params.add(param(item, "params[" + params.size() + "]"));
        }
        return params;
    }

    static List<KeyValue> tags(RequestMessage request, String field) {
        List<KeyValue> tags = new ArrayList<>();
        for (RequestMessage item : request.messages(field)) {
            tags.add(tag(item, field + "[" + tags.size() + "]"));
        }
        return tags;
    }

    /** One point; keys in {@code checkedKeys} have passed already, which spares a batch of one key a thousand checks. */
    private static Metric metric(RequestMessage item, String path, Set<String> checkedKeys) {
        String key = item.requiredString("key");
        if (checkedKeys.add(key)) {
            Names.checkKey(key, field(path, "name"), path.isEmpty() ? "Metric name" : field(path, "name"));
        }
        double value = item.requiredDouble("value");
        long timestamp = item.requiredLong("timestamp");
        if (timestamp < 0) {
            throw ApiException.invalid("Invalid value " + timestamp + " for parameter '" + field(path, "timestamp")
                    + "' supplied: metric '" + key + "' (value=" + value
                    + "). Timestamp must be a nonnegative long (64-bit integer) ");
        }
        return Metric.of(key, value, timestamp, item.optionalLong("step").orElse(0L));
    }

    private static KeyValue param(RequestMessage item, String path) {
        String key = item.requiredString("key");
        Names.checkKey(key, field(path, "key"), path.isEmpty() ? "Param key" : field(path, "key"));
        return new KeyValue(key, Names.cut(item.string("value", ""), Names.MAX_PARAM_VALUE));
    }

    private static KeyValue tag(RequestMessage item, String path) {
        String key = item.requiredString("key");
        Names.checkKey(key, field(path, "key"), path.isEmpty() ? "Tag key" : field(path, "key"));
        return new KeyValue(key, Names.cut(item.string("value", ""), Names.MAX_TAG_VALUE));
    }

    private static Datasets.Input input(RequestMessage item) {
        RequestMessage dataset = item.message("dataset");
        List<KeyValue> tags = new ArrayList<>();
        for (RequestMessage tag : item.messages("tags")) {
            tags.add(new KeyValue(limited(tag, "key", 255), limited(tag, "value", 500)));
        }
        return new Datasets.Input(
                new Datasets.Dataset(
                        limited(dataset, "name", 500),
                        limited(dataset, "digest", 36),
                        limited(dataset, "source_type", 36),
                        limited(dataset, "source", 65_535),
                        dataset.optionalString("schema"),
                        dataset.optionalString("profile")),
                tags);
    }

    private static String limited(RequestMessage item, String field, int limit) {
        String value = item.requiredString(field);
        Names.checkLength(value, limit, field);
        return value;
    }

    private static String field(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private static void checkBatch(String items, int count, int limit) {
        if (count > limit) {
            throw ApiException.invalid("A batch logging request can contain at most " + limit + " " + items + ". Got "
                    + count + " " + items + ". Please split up " + items + " across multiple requests and try again.");
        }
    }

    private static void checkUnique(List<KeyValue> params) {
        Set<String> keys = new HashSet<>();
        Set<String> repeated = new LinkedHashSet<>();
        for (KeyValue param : params) {
            if (!keys.add(param.key())) {
                repeated.add("'" + param.key() + "'");
            }
        }
        if (!repeated.isEmpty()) {
            throw ApiException.invalid("Duplicate parameter keys have been submitted: [" + String.join(", ", repeated)
                    + "]. Please ensure the request contains only one param value per param key.");
        }
    }

    private static JsonNode parse(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (IOException e) {
            throw new ApiException(
                    ErrorCode.INVALID_PARAMETER_VALUE, "Malformed model info. \n " + json + " \n not valid JSON", e);
        }
    }
}
