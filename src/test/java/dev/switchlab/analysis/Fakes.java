package dev.switchlab.analysis;

import com.google.common.base.Splitter;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.train.RoutingSnapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Runs made by hand. */
public class Fakes implements RunSource {

    private final Map<String, Run> runs = new LinkedHashMap<>();
    private final Map<String, List<MetricPoint>> histories = new LinkedHashMap<>();
    private final Map<String, Map<String, String>> texts = new LinkedHashMap<>();

    /** Adds a run of {@code experiment} with params given as "key=value". */
    Fakes run(String id, String experiment, String... params) {
        Map<String, String> settings = new LinkedHashMap<>();
        for (String param : params) {
            List<String> parts = Splitter.on('=').limit(2).splitToList(param);
            settings.put(parts.get(0), parts.get(1));
        }
        return run(id, experiment, settings);
    }

    /** Adds a run of {@code experiment}. */
    protected Fakes run(String id, String experiment, Map<String, String> params) {
        put(id, experiment, "FINISHED", Optional.empty(), params, new LinkedHashMap<>(), new LinkedHashMap<>());
        return this;
    }

    private void put(
            String id,
            String experiment,
            String status,
            Optional<Instant> end,
            Map<String, String> params,
            Map<String, String> tags,
            Map<String, Double> metrics) {
        String name = experiment + " " + id;
        runs.put(id, new Run(id, 1, experiment, name, status, Instant.EPOCH, end, params, tags, metrics));
    }

    /** Adds a run that sums up others. */
    Fakes parent(String id, String experiment) {
        return run(id, experiment).tag(id, RunInfo.SUMMARY_TAG, "1");
    }

    /** Puts a run below another. */
    Fakes below(String id, String parent) {
        return tag(id, RunInfo.PARENT_TAG, parent);
    }

    /** Ends a run with a status after some seconds. */
    protected Fakes end(String id, String status, double seconds) {
        Run run = runs.get(id);
        Optional<Instant> end = Optional.of(run.start().plusMillis(Math.round(seconds * 1e3)));
        put(id, run.experiment(), status, end, run.params(), run.tags(), run.metrics());
        return this;
    }

    /** Tags a run. */
    protected Fakes tag(String id, String tag, String value) {
        runs.get(id).tags().put(tag, value);
        return this;
    }

    /** Logs a metric of a run: {@code values} at steps 10, 20, 30 ... */
    protected Fakes metric(String id, String metric, double... values) {
        List<MetricPoint> points = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            points.add(new MetricPoint(10L * (i + 1), i, values[i]));
        }
        histories.put(id + "/" + metric, points);
        runs.get(id).metrics().put(metric, values[values.length - 1]);
        return this;
    }

    /** Keeps a text as an artifact of a run. */
    protected Fakes text(String id, String path, String content) {
        texts.computeIfAbsent(id, run -> new LinkedHashMap<>()).put(path, content);
        return this;
    }

    /** The routing at a step, of windows of a text and layers that are numbered from 0. */
    public static RoutingSnapshot routing(int step, int experts, int choices, List<String> text, int[]... layers) {
        List<Integer> numbers = IntStream.range(0, layers.length).boxed().toList();
        return new RoutingSnapshot(step, experts, choices, text.get(0).length(), text, numbers, List.of(layers));
    }

    /** Keeps the routing at a step as an artifact of a run. */
    protected Fakes routing(String id, RoutingSnapshot routing) {
        return text(id, RoutingSnapshot.path(routing.step()), routing.toJson());
    }

    /** All of them, in the order in which they were made. */
    List<Run> runs() {
        return List.copyOf(runs.values());
    }

    @Override
    public List<Run> experiment(String name) {
        return runs.values().stream()
                .filter(run -> run.experiment().equals(name))
                .toList();
    }

    @Override
    public Run find(String idOrName) {
        return runs.values().stream()
                .filter(run -> run.runId().equals(idOrName) || run.name().equals(idOrName))
                .findFirst()
                .orElseThrow(() -> new BookException("run '" + idOrName + "': there is none"));
    }

    @Override
    public List<Run> children(String runId) {
        return runs.values().stream()
                .filter(run -> runId.equals(run.tags().get(RunInfo.PARENT_TAG)))
                .toList();
    }

    @Override
    public List<MetricPoint> history(String runId, String metric) {
        return histories.getOrDefault(runId + "/" + metric, List.of());
    }

    @Override
    public List<String> artifacts(String runId) {
        return List.copyOf(texts.getOrDefault(runId, Map.of()).keySet());
    }

    @Override
    public String text(String runId, String artifactPath) {
        return Optional.ofNullable(texts.get(runId).get(artifactPath)).orElseThrow();
    }
}
