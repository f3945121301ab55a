package dev.switchlab.runs.mirror;

import dev.switchlab.runs.db.PointRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.RunTag;

/** The contents of one runs/log-batch request, within MLflow's limits for it. */
record LogBatch(List<Metric> metrics, List<Param> params, List<RunTag> tags) {
    /** MLflow's limit for metrics, also the smallest number of them that a batch may have to be worth sending. */
    static final int MAX_METRICS = 1000;

    private static final int MAX_TEXTS = 100;
    /** MLflow's limit is 1,000,000 bytes for the whole body. */
    private static final int MAX_BYTES = 900_000;
    /** Names and punctuation of one param's or tag's JSON. */
    private static final int TEXT_BYTES = 30;

    /** One batch: a metric with the longest key has about 400 bytes. */
    static LogBatch ofMetrics(List<PointRow> points) {
        return new LogBatch(points.stream().map(LogBatch::metric).toList(), List.of(), List.of());
    }

    private static Metric metric(PointRow point) {
        return Metric.newBuilder()
                .setKey(point.key())
                .setValue(point.logged())
                .setTimestamp(point.timestamp())
                .setStep(point.step())
                .build();
    }

    static List<LogBatch> ofParams(Map<String, String> params) {
        List<Param> all = params.entrySet().stream()
                .map(param -> Param.newBuilder()
                        .setKey(param.getKey())
                        .setValue(param.getValue())
                        .build())
                .toList();
        return parts(all, param -> bytes(param.getKey(), param.getValue())).stream()
                .map(part -> new LogBatch(List.of(), part, List.of()))
                .toList();
    }

    static List<LogBatch> ofTags(Map<String, String> tags) {
        List<RunTag> all = tags.entrySet().stream()
                .map(tag -> RunTag.newBuilder()
                        .setKey(tag.getKey())
                        .setValue(tag.getValue())
                        .build())
                .toList();
        return parts(all, tag -> bytes(tag.getKey(), tag.getValue())).stream()
                .map(part -> new LogBatch(List.of(), List.of(), part))
                .toList();
    }

    private static <T> List<List<T>> parts(List<T> all, ToLongFunction<T> bytes) {
        List<List<T>> parts = new ArrayList<>();
        List<T> part = new ArrayList<>();
        long size = 0;
        for (T item : all) {
            long more = bytes.applyAsLong(item);
            if (!part.isEmpty() && (part.size() == MAX_TEXTS || size + more > MAX_BYTES)) {
                parts.add(part);
                part = new ArrayList<>();
                size = 0;
            }
            part.add(item);
            size += more;
        }
        if (!part.isEmpty()) {
            parts.add(part);
        }
        return parts;
    }

    /**
     * At least the bytes of a text in the client's JSON, which escapes even {@code =} and {@code <} by six characters.
     */
    private static long bytes(String key, String value) {
        long plain = (key + value)
                .chars()
                .filter(c -> c < 128 && (Character.isLetterOrDigit(c) || " _-./:,".indexOf(c) >= 0))
                .count();
        return TEXT_BYTES + plain + 6 * (key.length() + value.length() - plain);
    }

    int size() {
        return metrics.size() + params.size() + tags.size();
    }

    /** Two halves, to find the item that the server does not take. */
    List<LogBatch> halves() {
        return List.of(
                new LogBatch(firstHalf(metrics), firstHalf(params), firstHalf(tags)),
                new LogBatch(secondHalf(metrics), secondHalf(params), secondHalf(tags)));
    }

    private static <T> List<T> firstHalf(List<T> items) {
        return items.subList(0, items.size() / 2);
    }

    private static <T> List<T> secondHalf(List<T> items) {
        return items.subList(items.size() / 2, items.size());
    }

    /** What is in it, for a message about a single item. */
    String describe() {
        if (!metrics.isEmpty()) {
            return "metric '" + metrics.get(0).getKey() + "' at step "
                    + metrics.get(0).getStep();
        }
        return params.isEmpty()
                ? "tag '" + tags.get(0).getKey() + "'"
                : "param '" + params.get(0).getKey() + "'";
    }
}
