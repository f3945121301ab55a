package dev.switchlab.train;

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
    public void metrics(long step, Map<String, Double> values) {
        values.forEach((name, value) ->
                metrics.computeIfAbsent(name, n -> new ArrayList<>()).add(value));
    }

    @Override
    public void text(String path, String content) {
        texts.put(path, content);
    }

    @Override
    public void sync() {
        // In memory already.
    }
}
