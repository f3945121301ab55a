package dev.switchlab.tracking;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.switchlab.tracking.ServerException.Kind;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.ExperimentsPage;
import org.mlflow.tracking.RunsPage;

/** Reads runs from a server. */
final class RunReader {
    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                    .build())
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    private static final int PAGE = 1000;
    /** MLflow's largest page of a metric's history. */
    private static final int HISTORY_PAGE = 25_000;

    /** Numbers may come as texts: those that JSON does not have, and from some servers the whole numbers. */
    record HistoryPoint(long step, long timestamp, double value) {}

    record HistoryPage(
            List<HistoryPoint> metrics,
            @JsonProperty("next_page_token") String token) {
        HistoryPage {
            metrics = metrics == null ? List.of() : metrics;
            token = token == null ? "" : token;
        }
    }

    private final Server server;

    RunReader(Server server) {
        this.server = server;
    }

    Optional<TrackedRun> byId(String runId) throws ServerException {
        try {
            Run run = server.official().call(client -> client.getRun(runId));
            String experiment = server.official()
                    .call(client -> client.getExperiment(run.getInfo().getExperimentId())
                            .getName());
            return Optional.of(tracked(run, experiment));
        } catch (ServerException e) {
            if (e.kind() == Kind.MISSING) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Runs of an experiment, or of all, the newest first. */
    List<TrackedRun> newest(Optional<String> experiment, int limit, Predicate<TrackedRun> wanted)
            throws ServerException {
        Map<String, String> experiments = experiments();
        if (experiment.isPresent()) {
            experiments.values().removeIf(name -> !name.equals(experiment.get()));
        }
        List<TrackedRun> runs = new ArrayList<>();
        if (experiments.isEmpty()) {
            return runs;
        }
        String token = "";
        do {
            String from = token;
            RunsPage page = server.official()
                    .call(client -> client.searchRuns(
                            List.copyOf(experiments.keySet()),
                            "",
                            ViewType.ACTIVE_ONLY,
                            PAGE,
                            List.of("attributes.start_time DESC"),
                            from.isEmpty() ? null : from));
            for (Run run : page.getItems()) {
                TrackedRun tracked = tracked(run, experiments.get(run.getInfo().getExperimentId()));
                if (runs.size() < limit && wanted.test(tracked)) {
                    runs.add(tracked);
                }
            }
            token = page.getNextPageToken().orElse("");
        } while (!token.isEmpty() && runs.size() < limit);
        return runs;
    }

    /** Ids and names of the experiments. */
    private Map<String, String> experiments() throws ServerException {
        Map<String, String> names = new LinkedHashMap<>();
        String token = "";
        do {
            String from = token;
            ExperimentsPage page = server.official()
                    .call(client -> client.searchExperiments(
                            "", ViewType.ACTIVE_ONLY, PAGE, List.of(), from.isEmpty() ? null : from));
            for (Experiment experiment : page.getItems()) {
                names.put(experiment.getExperimentId(), experiment.getName());
            }
            token = page.getNextPageToken().orElse("");
        } while (!token.isEmpty());
        return names;
    }

    private static TrackedRun tracked(Run run, String experiment) {
        RunInfo info = run.getInfo();
        Map<String, String> params = new LinkedHashMap<>();
        run.getData().getParamsList().forEach(param -> params.put(param.getKey(), param.getValue()));
        Map<String, String> tags = new LinkedHashMap<>();
        run.getData().getTagsList().forEach(tag -> tags.put(tag.getKey(), tag.getValue()));
        Map<String, Double> metrics = new LinkedHashMap<>();
        run.getData().getMetricsList().forEach(metric -> metrics.put(metric.getKey(), metric.getValue()));
        return new TrackedRun(
                info.getRunId(),
                info.getExperimentId(),
                experiment,
                tags.getOrDefault("mlflow.runName", info.getRunName()),
                info.getStatus().name(),
                Instant.ofEpochMilli(info.getStartTime()),
                info.getEndTime() == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(info.getEndTime())),
                info.getArtifactUri(),
                params,
                tags,
                metrics);
    }

    /** All points of a metric, in order of (time, step, value). */
    List<MetricPoint> history(String runId, String key) throws ServerException {
        String query = "metrics/get-history?run_id=" + encoded(runId) + "&metric_key=" + encoded(key) + "&max_results="
                + HISTORY_PAGE;
        List<MetricPoint> points = new ArrayList<>();
        String token = "";
        do {
            String from = token.isEmpty() ? query : query + "&page_token=" + encoded(token);
            HistoryPage page = get(from, HistoryPage.class);
            for (HistoryPoint point : page.metrics()) {
                points.add(new MetricPoint(point.step(), point.timestamp(), point.value()));
            }
            token = page.token();
        } while (!token.isEmpty());
        return points;
    }

    /** Paths of the files in a folder of a run's artifacts and in its subfolders. */
    List<String> artifacts(String runId, String folder) throws ServerException {
        List<String> paths = new ArrayList<>();
        String query = "artifacts/list?run_id=" + encoded(runId);
        JsonNode listing = get(folder.isEmpty() ? query : query + "&path=" + encoded(folder), JsonNode.class);
        for (JsonNode entry : listing.path("files")) {
            String path = entry.path("path").asText();
            if (entry.path("is_dir").asBoolean()) {
                paths.addAll(artifacts(runId, path));
            } else {
                paths.add(path);
            }
        }
        return paths;
    }

    private <T> T get(String pathAndQuery, Class<T> type) throws ServerException {
        String json = server.official().call(client -> client.sendGet(pathAndQuery));
        try {
            return MAPPER.readValue(json, type);
        } catch (JsonProcessingException e) {
            throw new ServerException(Kind.UNUSABLE, "its answer is not MLflow's; is it an MLflow tracking server?", e);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
