package dev.switchlab.runs.mirror;

import dev.switchlab.runs.ArtifactFolder;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.RunReader;
import dev.switchlab.runs.RunState;
import dev.switchlab.runs.db.DatasetsTable.DatasetRow;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.db.RunsTable.RunRow;
import dev.switchlab.runs.db.TextsTable;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mlflow.api.proto.Service;

/** A run of an MLflow server as the source of a copy. */
final class ServerReader implements RunReader {
    /** The tag of a fetched run: the server's address. */
    static final String FETCHED_TAG = "switchlab.fetched_from";

    private final MlflowServer server;
    private final Service.Run run;
    private final Map<String, List<PointRow>> histories = new HashMap<>();

    ServerReader(MlflowServer server, Service.Run run) {
        this.server = server;
        this.run = run;
    }

    @Override
    public String place() {
        return server.uri().toString();
    }

    /** Reads all points in advance, because a transaction of the book must not wait for the network. */
    @Override
    public RunState state() throws ServerException {
        String id = run.getInfo().getRunId();
        String experimentId = run.getInfo().getExperimentId();
        String experiment =
                server.call(client -> client.getExperiment(experimentId).getName());
        for (Service.Metric metric : run.getData().getMetricsList()) {
            histories.put(metric.getKey(), server.history(id, metric.getKey()));
        }
        RunState state = stateOf(run, experiment, server.datasets(id));
        state.tags().putIfAbsent(TextsTable.RUN_NAME, run.getInfo().getRunName());
        state.tags().put(FETCHED_TAG, place());
        return state;
    }

    /** A server's response in the form of the book. */
    static RunState stateOf(Service.Run run, String experiment, List<DatasetRow> datasets) {
        Map<String, String> params = new LinkedHashMap<>();
        run.getData().getParamsList().forEach(param -> params.put(param.getKey(), param.getValue()));
        Map<String, String> tags = new LinkedHashMap<>();
        run.getData().getTagsList().forEach(tag -> tags.put(tag.getKey(), tag.getValue()));
        Map<String, PointRow> latest = new LinkedHashMap<>();
        for (Service.Metric metric : run.getData().getMetricsList()) {
            latest.put(
                    metric.getKey(),
                    PointRow.of(metric.getKey(), metric.getValue(), metric.getTimestamp(), metric.getStep()));
        }
        Service.RunInfo info = run.getInfo();
        RunRow row = new RunRow(
                info.getRunId(),
                Long.parseLong(info.getExperimentId()),
                experiment,
                tags.getOrDefault(TextsTable.RUN_NAME, info.getRunName()),
                info.getUserId(),
                info.getStatus().name(),
                info.getStartTime(),
                info.getEndTime() == 0 ? Optional.empty() : Optional.of(info.getEndTime()),
                info.getArtifactUri());
        return new RunState(row, Map.of(), params, tags, latest, datasets);
    }

    @Override
    public List<PointRow> history(String key, long since) {
        return histories.get(key);
    }

    @Override
    public List<String> files() throws ServerException {
        String uri = run.getInfo().getArtifactUri();
        if (!ArtifactFolder.isProxied(uri)) {
            throw new BookException("its files are at " + uri + ", which the server does not hand out");
        }
        return server.artifacts(run.getInfo().getRunId(), "");
    }

    @Override
    public void download(String path, Path target) throws ServerException {
        server.rest().download(run.getInfo().getArtifactUri(), path, target);
    }
}
