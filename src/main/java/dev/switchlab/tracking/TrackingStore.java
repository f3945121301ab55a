package dev.switchlab.tracking;

import dev.switchlab.tracking.store.StoreConfig;
import dev.switchlab.tracking.store.TrackingServer;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.RunsPage;

/** An MLflow tracking store: a server that a URI names, or the embedded one over a folder. */
public final class TrackingStore implements AutoCloseable {

    private static final int PAGE = 1000;

    private final Optional<TrackingServer> embedded;
    private final Path folder;
    private final URI uri;
    private final MlflowClient client;
    private final Artifacts artifacts;

    private TrackingStore(Optional<TrackingServer> embedded, Path folder, URI uri) {
        Credentials credentials = Credentials.of(System.getenv());
        this.embedded = embedded;
        this.folder = folder;
        this.uri = uri;
        this.client = new MlflowClient(credentials.forClient(uri));
        this.artifacts = new Artifacts(uri, credentials);
    }

    /**
     * Opens a store.
     *
     * @param uri the server (MLFLOW_TRACKING_URI); blank starts the embedded server
     * @param folder where the embedded server keeps runs
     */
    public static TrackingStore open(String uri, Path folder) {
        if (uri.isBlank()) {
            TrackingServer server = TrackingServer.start(StoreConfig.of(folder));
            return new TrackingStore(Optional.of(server), folder, server.uri());
        }
        if (!uri.matches("https?://[^@]+")) {
            throw new TrackingException("MLFLOW_TRACKING_URI is '" + uri.replaceAll("//[^@/]*@", "//***@")
                    + "', allowed: http://host:port or https://host:port (credentials go into MLFLOW_TRACKING_USERNAME and"
                    + " MLFLOW_TRACKING_PASSWORD); for the store in " + folder + "/ leave it unset");
        }
        return new TrackingStore(Optional.empty(), folder, URI.create(uri.replaceAll("/+$", "")));
    }

    /** Where the store is, for people. */
    public String location() {
        return embedded.isPresent() ? folder.resolve("mlflow.db").toString() : uri.toString();
    }

    /** How to look at it, for people. */
    public String howToLook() {
        return embedded.isPresent() ? "cd " + folder + " && mlflow server, then http://127.0.0.1:5000" : uri.toString();
    }

    /** Starts a run. */
    public RunLog startRun(RunInfo info) {
        String experimentId = client.getExperimentByName(info.experiment())
                .map(Experiment::getExperimentId)
                .orElseGet(() -> client.createExperiment(info.experiment()));
        Map<String, String> tags = new LinkedHashMap<>(info.tags());
        // A run without any tag breaks the runs page of MLflow 3.11.
        tags.put("mlflow.runName", info.name());
        tags.put("mlflow.user", System.getProperty("user.name"));
        tags.put("mlflow.source.type", "LOCAL");
        tags.put("mlflow.source.name", info.command());
        tags.put("mlflow.note.content", info.about() + "\n\nRepeat it:\n\n    " + info.command() + "\n");
        CreateRun.Builder create = CreateRun.newBuilder()
                .setExperimentId(experimentId)
                .setRunName(info.name())
                .setStartTime(System.currentTimeMillis());
        tags.forEach(
                (key, value) -> create.addTags(RunTag.newBuilder().setKey(key).setValue(value)));
        org.mlflow.api.proto.Service.RunInfo run = client.createRun(create.build());
        MlflowRunLog log = new MlflowRunLog(client, artifacts, run.getRunId(), run.getArtifactUri(), Map.of());
        log.params(info.params());
        return log;
    }

    /**
     * Goes on with a run that ended early. Points after {@code step} that are stored already, because the run had come further than its
     * last checkpoint, are not stored again.
     *
     * @param runId its whole id
     * @param step the optimizer step of the checkpoint that training goes on from
     */
    public RunLog resumeRun(String runId, long step) {
        Map<String, Set<Long>> later = new HashMap<>();
        Run run = client.getRun(runId);
        for (Metric metric : run.getData().getMetricsList()) {
            Set<Long> steps = new HashSet<>();
            for (MetricPoint point : history(runId, metric.getKey())) {
                if (point.step() > step) {
                    steps.add(point.step());
                }
            }
            later.put(metric.getKey(), steps);
        }
        client.sendPost("runs/update", "{\"run_id\": \"" + runId + "\", \"status\": \"RUNNING\"}");
        return new MlflowRunLog(client, artifacts, runId, run.getInfo().getArtifactUri(), later);
    }

    /** All points of a metric. */
    public List<MetricPoint> history(String runId, String key) {
        return client.getMetricHistory(runId, key).stream()
                .map(point -> new MetricPoint(point.getStep(), point.getTimestamp(), point.getValue()))
                .toList();
    }

    /** All runs that are not deleted, newest first. */
    public List<StoredRun> runs() {
        List<String> experiments = new ArrayList<>();
        client.searchExperiments().getItems().forEach(e -> experiments.add(e.getExperimentId()));
        List<StoredRun> runs = new ArrayList<>();
        String token = "";
        do {
            RunsPage page = client.searchRuns(
                    experiments, "", ViewType.ACTIVE_ONLY, PAGE, List.of("attributes.start_time DESC"), token);
            page.getItems().forEach(run -> runs.add(stored(run)));
            token = page.getNextPageToken().orElse("");
        } while (!token.isEmpty());
        return runs;
    }

    /**
     * One run.
     *
     * @param text its id, the beginning of it, or its name; blank for the newest
     */
    public StoredRun findRun(String text) {
        List<StoredRun> all = runs();
        List<StoredRun> matching = all.stream()
                .filter(run -> run.id().startsWith(text) || run.name().equals(text))
                .toList();
        if (all.isEmpty()) {
            throw new TrackingException("there is no run in " + location() + " yet; make one with: make train");
        }
        if (matching.isEmpty()) {
            throw new TrackingException("no run '" + text + "' in " + location() + "; the newest is "
                    + all.get(0).id() + " (" + all.get(0).name() + ")");
        }
        if (matching.size() > 1 && !text.isBlank()) {
            throw new TrackingException("'" + text + "' fits " + matching.size() + " runs in " + location()
                    + "; give more of the id, for example " + matching.get(0).id());
        }
        return matching.get(0);
    }

    /** Copies an artifact of a run to {@code target}. */
    public void download(String runId, String path, Path target) {
        String root = client.getRun(runId).getInfo().getArtifactUri();
        artifacts.get(root, path, target);
        if (!Files.exists(target)) {
            throw new TrackingException("artifact " + path + " of run " + runId + " did not arrive");
        }
    }

    private static StoredRun stored(Run run) {
        Map<String, String> params = new LinkedHashMap<>();
        Map<String, String> tags = new LinkedHashMap<>();
        Map<String, Double> metrics = new LinkedHashMap<>();
        for (Param param : run.getData().getParamsList()) {
            params.put(param.getKey(), param.getValue());
        }
        for (RunTag tag : run.getData().getTagsList()) {
            tags.put(tag.getKey(), tag.getValue());
        }
        for (Metric metric : run.getData().getMetricsList()) {
            metrics.put(metric.getKey(), metric.getValue());
        }
        return new StoredRun(
                run.getInfo().getRunId(),
                tags.getOrDefault("mlflow.runName", ""),
                run.getInfo().getExperimentId(),
                run.getInfo().getStatus().name(),
                run.getInfo().getStartTime(),
                params,
                tags,
                metrics);
    }

    @Override
    public void close() {
        client.close();
        embedded.ifPresent(TrackingServer::close);
    }
}
