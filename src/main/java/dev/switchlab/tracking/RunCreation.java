package dev.switchlab.tracking;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.tracking.ServerException.Kind;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.ViewType;

/**
 * Creates a run exactly once, although MLflow has no way to say so: the run carries our key as a tag, a creation without an answer is
 * followed by a search for it, and twins that a network made of one request are deleted.
 */
final class RunCreation {
    /** The tag with our own id of the run. */
    static final String KEY_TAG = "switchlab.run_key";

    private static final int MANY = 100;

    private final Spool spool;
    private final Server server;

    RunCreation(Spool spool, Server server) {
        this.spool = spool;
        this.server = server;
    }

    /** Makes sure that the run is there and known. */
    void ensure() throws ServerException, IOException {
        if (!spool.sent().runId().isEmpty()) {
            return;
        }
        String experiment = experimentId();
        if (spool.sent().attempted()) {
            List<RunInfo> found = runsOfKey(experiment);
            if (!found.isEmpty()) {
                adopt(found.get(0).getRunId(), found.get(0).getArtifactUri());
                removeTwins();
                return;
            }
        }
        spool.save(spool.sent().attempting());
        JsonNode info = server.rest().post("runs/create", request(experiment)).at("/run/info");
        String runId = info.path("run_id").asText();
        if (runId.isEmpty()) {
            throw new ServerException(
                    Kind.UNUSABLE, "its answer to runs/create has no run_id; is it an MLflow tracking server?");
        }
        adopt(runId, info.path("artifact_uri").asText());
        removeTwins();
    }

    private void adopt(String runId, String artifactUri) throws IOException {
        spool.save(spool.sent().as(runId, artifactUri));
    }

    /** Deletes other runs with our key. They are empty: only the run that we know is ever logged to. */
    void removeTwins() throws ServerException {
        String runId = spool.sent().runId();
        String experiment =
                server.official().call(client -> client.getRun(runId).getInfo().getExperimentId());
        for (RunInfo twin : runsOfKey(experiment)) {
            if (!twin.getRunId().equals(runId)) {
                server.official().call(client -> {
                    client.deleteRun(twin.getRunId());
                    return twin;
                });
            }
        }
    }

    /** The server's id of the parent: one that began without the server was known by an id of our own when its children began. */
    private String parent(String experiment, String id) throws ServerException {
        List<RunInfo> ofOurId = runsOfKey(experiment, id);
        return ofOurId.isEmpty() ? id : ofOurId.get(0).getRunId();
    }

    private List<RunInfo> runsOfKey(String experiment) throws ServerException {
        return runsOfKey(experiment, spool.start().key());
    }

    /** The active runs with that key, in a fixed order. */
    private List<RunInfo> runsOfKey(String experiment, String runKey) throws ServerException {
        String filter = "tags.`" + KEY_TAG + "` = '" + runKey + "'";
        return server
                .official()
                .call(client -> client.searchRuns(List.of(experiment), filter, ViewType.ACTIVE_ONLY, MANY)
                        .getItems())
                .stream()
                .map(run -> run.getInfo())
                .sorted(Comparator.comparing(RunInfo::getRunId))
                .toList();
    }

    private String experimentId() throws ServerException {
        String name = spool.start().experiment();
        Optional<Experiment> known = server.official().call(client -> client.getExperimentByName(name));
        if (known.isEmpty()) {
            try {
                return server.official().call(client -> client.createExperiment(name));
            } catch (ServerException e) {
                // Another process, or an earlier try whose answer was lost, may have created it meanwhile.
                known = server.official().call(client -> client.getExperimentByName(name));
                if (known.isEmpty()) {
                    throw e;
                }
            }
        }
        if (known.get().getLifecycleStage().equals("deleted")) {
            throw new ServerException(
                    Kind.UNUSABLE, "its experiment '" + name + "' is deleted; restore it there, or take another name");
        }
        return known.get().getExperimentId();
    }

    private ObjectNode request(String experiment) throws ServerException {
        Event.Start start = spool.start();
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        request.put("experiment_id", experiment);
        request.put("user_id", start.user());
        request.put("run_name", start.tags().get("mlflow.runName"));
        request.put("start_time", start.time());
        for (Map.Entry<String, String> tag : start.tags().entrySet()) {
            String value = tag.getKey().equals(dev.switchlab.tracking.RunInfo.PARENT_TAG)
                    ? parent(experiment, tag.getValue())
                    : tag.getValue();
            request.withArray("tags").addObject().put("key", tag.getKey()).put("value", value);
        }
        request.withArray("tags").addObject().put("key", KEY_TAG).put("value", start.key());
        return request;
    }
}
