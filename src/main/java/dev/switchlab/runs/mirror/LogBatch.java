package dev.switchlab.runs.mirror;

import com.google.common.collect.Lists;
import dev.switchlab.runs.db.PointRow;
import java.util.List;
import java.util.Map;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.RunTag;

/**
 * The contents of one runs/log-batch request, within MLflow's limits for the number of items. A body of more than
 * 1,000,000 bytes, possible only with very long texts, is refused by the server and sent again in {@link #halves}.
 */
record LogBatch(List<Metric> metrics, List<Param> params, List<RunTag> tags) {
    static final int MAX_METRICS = 1000;

    private static final int MAX_TEXTS = 100;

    /** All points in one batch: a point with the longest key has about 400 bytes. */
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
        return Lists.partition(all, MAX_TEXTS).stream()
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
        return Lists.partition(all, MAX_TEXTS).stream()
                .map(part -> new LogBatch(List.of(), List.of(), part))
                .toList();
    }

    int size() {
        return metrics.size() + params.size() + tags.size();
    }

    /** Two halves, to find an item that the server refuses, or because the batch is too long. */
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

    /** The contents, for a message about a single item. */
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
