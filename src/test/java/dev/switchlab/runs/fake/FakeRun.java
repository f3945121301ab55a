package dev.switchlab.runs.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A run of the fake server. */
final class FakeRun {
    private static final int LONGEST_PARAM = 6000;
    private static final Comparator<Point> BY_STEP = Comparator.comparingLong(Point::step)
            .thenComparingLong(Point::timestamp)
            .thenComparingDouble(Point::value);
    private static final Comparator<Point> BY_TIME = Comparator.comparingLong(Point::timestamp)
            .thenComparingLong(Point::step)
            .thenComparingDouble(Point::value);

    /** A point is its own primary key. */
    record Point(long timestamp, long step, double value) {
        /** SQL knows no infinity: MLflow keeps the largest number instead. */
        static Point of(JsonNode json) {
            String text = json.path("value").asText();
            double value;
            try {
                value = Double.parseDouble(text);
            } catch (NumberFormatException e) {
                throw Refusal.invalid("Invalid value \"" + text + "\" for parameter 'value' supplied");
            }
            double kept = Double.isInfinite(value) ? Math.copySign(Double.MAX_VALUE, value) : value;
            return new Point(json.path("timestamp").asLong(), json.path("step").asLong(), kept);
        }

        ObjectNode json(String key) {
            ObjectNode json = FakeStore.JSON.createObjectNode().put("key", key);
            if (Double.isNaN(value)) {
                json.put("value", "NaN");
            } else {
                json.put("value", value);
            }
            return json.put("timestamp", timestamp).put("step", step);
        }
    }

    final String id;
    final String experimentId;
    final String artifactUri;
    private final String user;
    private final long startTime;
    private final Map<String, String> params = new LinkedHashMap<>();
    private final Map<String, String> tags = new LinkedHashMap<>();
    private final Map<String, TreeSet<Point>> metrics = new TreeMap<>();
    private final Map<String, JsonNode> inputs = new LinkedHashMap<>();
    private String status = "RUNNING";
    private long endTime;
    private boolean deleted;

    FakeRun(String id, String experimentId, String artifactUri, JsonNode request) {
        this.id = id;
        this.experimentId = experimentId;
        this.artifactUri = artifactUri;
        user = request.path("user_id").asText();
        startTime = request.path("start_time").asLong();
        request.path("tags")
                .forEach(tag -> tag(tag.path("key").asText(), tag.path("value").asText()));
        String name = request.path("run_name").asText();
        String tagged = tags.get(FakeStore.RUN_NAME);
        if (!name.isEmpty() && tagged != null && !tagged.equals(name)) {
            throw Refusal.invalid("Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different"
                    + " values (run_name='" + name + "', mlflow.runName='" + tagged + "').");
        }
        tags.putIfAbsent(FakeStore.RUN_NAME, name.isEmpty() ? "auspicious-flea-956" : name);
    }

    long startTime() {
        return startTime;
    }

    boolean isDeleted() {
        return deleted;
    }

    void delete(boolean delete) {
        deleted = delete;
    }

    Map<String, String> tags() {
        return tags;
    }

    FakeRun active() {
        if (deleted) {
            throw Refusal.invalid("The run " + id + " must be in the 'active' state. Current state is deleted.");
        }
        return this;
    }

    void tag(String key, String value) {
        FakeStore.requireName(key, "key");
        tags.put(key, value);
    }

    void param(String key, String whole) {
        FakeStore.requireName(key, "key");
        String value = whole.length() > LONGEST_PARAM ? whole.substring(0, LONGEST_PARAM) : whole;
        String before = params.putIfAbsent(key, value);
        if (before != null && !before.equals(value)) {
            throw Refusal.invalid("Changing param values is not allowed. Param with key='" + key
                    + "' was already logged with value='" + before + "' for run ID='" + id
                    + "'. Attempted logging new value '" + value + "'.");
        }
    }

    /** All of them or, when a NaN among them is there already, none. */
    void points(Iterable<JsonNode> points) {
        for (JsonNode json : points) {
            FakeStore.requireName(json.path("key").asText(), "name");
            Point point = Point.of(json);
            if (Double.isNaN(point.value()) && ofKey(json).contains(point)) {
                throw Refusal.uniqueConstraint();
            }
        }
        for (JsonNode json : points) {
            metrics.computeIfAbsent(json.path("key").asText(), key -> new TreeSet<>(BY_TIME))
                    .add(Point.of(json));
        }
    }

    private Set<Point> ofKey(JsonNode json) {
        return metrics.getOrDefault(json.path("key").asText(), new TreeSet<>(BY_TIME));
    }

    void input(JsonNode input) {
        JsonNode dataset = input.path("dataset");
        inputs.putIfAbsent(
                dataset.path("name").asText() + " " + dataset.path("digest").asText(), input);
    }

    void update(JsonNode request) {
        if (request.has("status")) {
            status = request.path("status").asText();
        }
        if (request.has("end_time")) {
            endTime = request.path("end_time").asLong();
        }
        if (request.has("run_name")) {
            tags.put(FakeStore.RUN_NAME, request.path("run_name").asText());
        }
    }

    /** In order of (time, step, value). */
    ArrayNode history(String key) {
        ArrayNode points = FakeStore.JSON.createArrayNode();
        metrics.getOrDefault(key, new TreeSet<>(BY_TIME)).forEach(point -> points.add(point.json(key)));
        return points;
    }

    ObjectNode info() {
        ObjectNode info = FakeStore.JSON
                .createObjectNode()
                .put("run_uuid", id)
                .put("run_id", id)
                .put("experiment_id", experimentId)
                .put("run_name", tags.get(FakeStore.RUN_NAME))
                .put("user_id", user)
                .put("status", status)
                .put("start_time", startTime);
        if (endTime > 0) {
            info.put("end_time", endTime);
        }
        return info.put("artifact_uri", artifactUri).put("lifecycle_stage", deleted ? "deleted" : "active");
    }

    /** Empty lists are omitted, as MLflow does. */
    ObjectNode json() {
        ObjectNode run = FakeStore.JSON.createObjectNode();
        run.set("info", info());
        ObjectNode data = run.putObject("data");
        metrics.forEach((key, points) -> data.withArray("metrics")
                .add(points.stream().max(BY_STEP).orElseThrow().json(key)));
        params.forEach((key, value) ->
                data.withArray("params").addObject().put("key", key).put("value", value));
        tags.forEach((key, value) ->
                data.withArray("tags").addObject().put("key", key).put("value", value));
        ObjectNode all = run.putObject("inputs");
        inputs.values().forEach(input -> all.withArray("dataset_inputs").add(input));
        return run;
    }
}
