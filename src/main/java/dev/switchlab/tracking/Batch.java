package dev.switchlab.tracking;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.RunTag;

/** The contents of one runs/log-batch request, within MLflow's limits for it. */
final class Batch {
    private static final int MAX_ITEMS = 1000;
    private static final int MAX_PARAMS = 100;
    private static final int MAX_TAGS = 100;
    /** MLflow's limit is 1,000,000 bytes for the whole body. */
    private static final int MAX_BYTES = 900_000;
    /** So many metrics at most are in one event: two events of that size fill a batch. */
    private static final int MAX_METRICS_OF_EVENT = 500;
    /** Names, numbers and punctuation of one metric's JSON. */
    private static final int METRIC_BYTES = 120;
    /** Names and punctuation of one param's or tag's JSON. */
    private static final int TEXT_BYTES = 30;

    private final List<Metric> metrics = new ArrayList<>();
    private final List<Param> params = new ArrayList<>();
    private final List<RunTag> tags = new ArrayList<>();
    private final Set<String> keys = new HashSet<>();
    private long bytes;

    List<Metric> metrics() {
        return metrics;
    }

    List<Param> params() {
        return params;
    }

    List<RunTag> tags() {
        return tags;
    }

    int size() {
        return metrics.size() + params.size() + tags.size();
    }

    boolean isEmpty() {
        return size() == 0;
    }

    /** Metrics as events that each fit into a batch. */
    static List<Event> metrics(long step, long time, Map<String, Double> values) {
        if (values.size() <= MAX_METRICS_OF_EVENT) {
            return List.of(new Event.Metrics(step, time, values));
        }
        List<Event> events = new ArrayList<>();
        Map<String, Double> part = new LinkedHashMap<>();
        for (Map.Entry<String, Double> entry : values.entrySet()) {
            part.put(entry.getKey(), entry.getValue());
            if (part.size() == MAX_METRICS_OF_EVENT) {
                events.add(new Event.Metrics(step, time, part));
                part = new LinkedHashMap<>();
            }
        }
        if (!part.isEmpty()) {
            events.add(new Event.Metrics(step, time, part));
        }
        return events;
    }

    /** Params or tags in parts that each fit into a batch. */
    static List<Map<String, String>> parts(Map<String, String> values) {
        List<Map<String, String>> parts = new ArrayList<>();
        Map<String, String> part = new LinkedHashMap<>();
        long size = 0;
        for (Map.Entry<String, String> entry : values.entrySet()) {
            long more = textBytes(entry.getKey(), entry.getValue());
            if (!part.isEmpty() && (part.size() == MAX_PARAMS || size + more > MAX_BYTES)) {
                parts.add(part);
                part = new LinkedHashMap<>();
                size = 0;
            }
            part.put(entry.getKey(), entry.getValue());
            size += more;
        }
        if (!part.isEmpty()) {
            parts.add(part);
        }
        return parts;
    }

    /** Adds an event as a whole; false, and nothing added, if it does not fit any more. */
    boolean add(Event.Metrics event) {
        long more = 0;
        for (String key : event.values().keySet()) {
            more += METRIC_BYTES + jsonBytes(key);
        }
        if (!fits(event.values().size(), more)) {
            return false;
        }
        event.values()
                .forEach((key, value) -> metrics.add(Metric.newBuilder()
                        .setKey(key)
                        .setValue(value)
                        .setTimestamp(event.time())
                        .setStep(event.step())
                        .build()));
        bytes += more;
        return true;
    }

    /** Adds an event as a whole; false, and nothing added, if it does not fit any more. */
    boolean add(Event.Params event) {
        if (params.size() + event.values().size() > MAX_PARAMS || !takes("param ", event.values())) {
            return false;
        }
        event.values()
                .forEach((key, value) -> params.add(
                        Param.newBuilder().setKey(key).setValue(value).build()));
        return true;
    }

    /** Adds an event as a whole; false, and nothing added, if it does not fit any more. */
    boolean add(Event.Tags event) {
        if (tags.size() + event.values().size() > MAX_TAGS || !takes("tag ", event.values())) {
            return false;
        }
        event.values()
                .forEach((key, value) ->
                        tags.add(RunTag.newBuilder().setKey(key).setValue(value).build()));
        return true;
    }

    /** Whether the texts fit; a key may be in a batch only once. Counts them if so. */
    private boolean takes(String kind, Map<String, String> values) {
        long more = 0;
        for (Map.Entry<String, String> entry : values.entrySet()) {
            more += textBytes(entry.getKey(), entry.getValue());
        }
        if (!fits(values.size(), more) || values.keySet().stream().anyMatch(key -> keys.contains(kind + key))) {
            return false;
        }
        values.keySet().forEach(key -> keys.add(kind + key));
        bytes += more;
        return true;
    }

    private boolean fits(int items, long more) {
        return size() + items <= MAX_ITEMS && bytes + more <= MAX_BYTES;
    }

    private static long textBytes(String key, String value) {
        return TEXT_BYTES + jsonBytes(key) + jsonBytes(value);
    }

    /** At least the bytes of a text in the client's JSON, which escapes even {@code =} and {@code <} by six characters. */
    private static long jsonBytes(String text) {
        long size = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            size += c < 128 && (Character.isLetterOrDigit(c) || " _-./:,".indexOf(c) >= 0) ? 1 : 6;
        }
        return size;
    }

    /** Two halves, to find the item that the server does not take. */
    List<Batch> halves() {
        Batch first = new Batch();
        Batch second = new Batch();
        int half = size() / 2;
        metrics.forEach(metric -> (first.size() < half ? first : second).metrics.add(metric));
        params.forEach(param -> (first.size() < half ? first : second).params.add(param));
        tags.forEach(tag -> (first.size() < half ? first : second).tags.add(tag));
        return List.of(first, second);
    }

    /** What is in it, for a message about a single item. */
    String describe() {
        if (!metrics.isEmpty()) {
            Metric metric = metrics.get(0);
            return "metric '" + metric.getKey() + "' at step " + metric.getStep();
        }
        if (!params.isEmpty()) {
            return "param '" + params.get(0).getKey() + "'";
        }
        return tags.isEmpty() ? "nothing" : "tag '" + tags.get(0).getKey() + "'";
    }
}
