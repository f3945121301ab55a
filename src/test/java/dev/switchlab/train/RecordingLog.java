package dev.switchlab.train;

import dev.switchlab.tracking.RunLog;
import dev.switchlab.tracking.RunStatus;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keeps what a run logs. */
final class RecordingLog implements RunLog {

    final Map<String, List<Double>> metrics = new LinkedHashMap<>();
    final Map<String, String> texts = new LinkedHashMap<>();

    @Override
    public String runId() {
        return "recorded";
    }

    @Override
    public void params(Map<String, String> params) {
        throw new AssertionError("the trainer logs no params");
    }

    @Override
    public void tags(Map<String, String> tags) {
        throw new AssertionError("the trainer sets no tags");
    }

    @Override
    public void metrics(long step, Map<String, Double> values) {
        values.forEach((name, value) ->
                metrics.computeIfAbsent(name, n -> new ArrayList<>()).add(value));
    }

    @Override
    public void text(String path, String content) {
        texts.put(path, content);
    }

    @Override
    public void file(String path, Path file) {
        throw new AssertionError("the trainer keeps no files");
    }

    @Override
    public void sync() {
        // In memory already.
    }

    @Override
    public void finish(RunStatus status) {
        throw new AssertionError("the trainer does not end its run");
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
