package dev.switchlab.runs.mirror;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.Keys;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.SharedView;
import dev.switchlab.runs.db.TextsTable;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mlflow.api.proto.Service;
import org.mlflow.api.proto.Service.ViewType;

/**
 * Finds a run of the book on a server, or creates it there exactly once. MLflow has no such call, so the run on the
 * server has the book's id as a tag, is searched for before it is created, and duplicates that a network made of one
 * request are deleted.
 */
final class ServerRuns {
    /** The tag with the book's id of a server's run. */
    static final String KEY_TAG = "switchlab.run_key";

    private static final int MANY = 100;

    private final Book book;
    private final MlflowServer server;

    ServerRuns(Book book, MlflowServer server) {
        this.book = book;
        this.server = server;
    }

    /** The server's copy of a run of the book, created if there is none. */
    Service.Run ensure(String runId) throws ServerException {
        // One creation at a time: the mirrors of a parent and of its child may both need the parent.
        synchronized (ServerRuns.class) {
            Service.Run run = findOrCreate(inBook(runId));
            requireId(run);
            return run;
        }
    }

    /** Ids become parts of addresses and names of files. */
    static void requireId(Service.Run run) throws ServerException {
        if (!Keys.isRunId(run.getInfo().getRunId())) {
            throw new ServerException(
                    Kind.UNUSABLE,
                    "its run '" + run.getInfo().getRunId().replaceAll("\\p{Cntrl}", "?")
                            + "' has an id that is not MLflow's (32 hexadecimal digits)");
        }
    }

    Run inBook(String runId) {
        return book.byId(runId).orElseThrow(() -> new BookException("run " + runId + " is gone from the book"));
    }

    /**
     * The id of a run on the server, where the run is created if necessary; the given id if the book has no such run.
     */
    String idOnServer(String runId) throws ServerException {
        return book.byId(runId).isPresent() ? ensure(runId).getInfo().getRunId() : runId;
    }

    private Service.Run findOrCreate(Run run) throws ServerException {
        Optional<String> known = MirrorState.of(run, server.uri()).flatMap(MirrorState::runId);
        if (known.isPresent()) {
            Optional<Service.Run> there = server.run(known.get());
            if (there.isPresent()) {
                return active(there.get()); // a run that was deleted there is not recreated
            }
            // The server was emptied. A run that the user named by its id on the server is not recreated.
            if (known.get().equals(run.runId())) {
                throw new ServerException(Kind.MISSING, "it does not have run " + known.get());
            }
        }
        String experiment = experimentId(run);
        List<Service.RunInfo> found = withKey(experiment, run.runId());
        if (found.isEmpty()) {
            create(run, experiment);
            found = withKey(experiment, run.runId());
        }
        String id = found.stream()
                .findFirst()
                .orElseThrow(() -> new ServerException(
                        Kind.UNUSABLE, "it does not have the run that it just created; is it an MLflow server?"))
                .getRunId();
        new MirrorState(Optional.of(id), Optional.of(experiment), false, 0).keep(book, run.runId(), server.uri());
        for (Service.RunInfo twin : found.subList(1, found.size())) {
            delete(twin.getRunId());
        }
        return get(id);
    }

    private Service.Run get(String id) throws ServerException {
        return server.call(client -> client.getRun(id));
    }

    /** Gives the experiment on the server the view that the book has of it. */
    void keepView(String experiment, Run run) throws ServerException {
        String view = experimentTags(run).getOrDefault(SharedView.TAG, "");
        boolean isKept = view.isEmpty()
                || server.call(client -> client.getExperiment(experiment)).getTagsList().stream()
                        .anyMatch(tag -> tag.getKey().equals(SharedView.TAG)
                                && tag.getValue().equals(view));
        if (!isKept) {
            try {
                setTag(experiment, SharedView.TAG, view);
            } catch (ServerException e) {
                if (e.kind() != Kind.REJECTED) { // a run does not depend on how it is shown
                    throw e;
                }
            }
        }
    }

    private void setTag(String experiment, String key, String value) throws ServerException {
        server.call(client -> {
            client.setExperimentTag(experiment, key, value);
            return key;
        });
    }

    private Map<String, String> experimentTags(Run run) {
        return book.read(session -> TextsTable.EXPERIMENT_TAGS.of(session, run.experimentId()));
    }

    /** A run that is there and not deleted. */
    static Service.Run active(Service.Run run) throws ServerException {
        String stage = run.getInfo().getLifecycleStage();
        if (!stage.equals("active")) {
            throw new ServerException(
                    Kind.MISSING, "its run " + run.getInfo().getRunId() + " is " + stage + "; restore it there");
        }
        return run;
    }

    /** Distinguishes a deleted run, which accepts nothing, from an item that the server refuses. */
    void requireActive(String id) throws ServerException {
        active(get(id));
    }

    /** Deletes other runs with the same key. They are empty, since only the known run is ever logged to. */
    void removeTwins(String runId, Service.RunInfo kept) throws ServerException {
        for (Service.RunInfo twin : withKey(kept.getExperimentId(), runId)) {
            if (!twin.getRunId().equals(kept.getRunId())) {
                delete(twin.getRunId());
            }
        }
    }

    private void delete(String id) throws ServerException {
        server.call(client -> {
            client.deleteRun(id);
            return id;
        });
    }

    /** The active runs with that key, in a fixed order. */
    private List<Service.RunInfo> withKey(String experiment, String key) throws ServerException {
        String filter = "tags.`" + KEY_TAG + "` = '" + key + "'";
        return server
                .call(client -> client.searchRuns(List.of(experiment), filter, ViewType.ACTIVE_ONLY, MANY)
                        .getItems())
                .stream()
                .map(Service.Run::getInfo)
                .sorted(Comparator.comparing(Service.RunInfo::getRunId))
                .toList();
    }

    private void create(Run run, String experiment) throws ServerException {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        request.put("experiment_id", experiment);
        request.put("user_id", run.tags().getOrDefault("mlflow.user", ""));
        request.put("run_name", run.name());
        request.put("start_time", run.start().toEpochMilli());
        tag(request, "mlflow.runName", run.name());
        tag(request, KEY_TAG, run.runId());
        JsonNode answer = server.rest().post("runs/create", request).at("/run/info/run_id");
        if (answer.asText("").isEmpty()) {
            throw new ServerException(
                    Kind.UNUSABLE, "its answer to runs/create has no run_id; is it an MLflow tracking server?");
        }
    }

    private static void tag(ObjectNode request, String key, String value) {
        request.withArray("tags").addObject().put("key", key).put("value", value);
    }

    private String experimentId(Run run) throws ServerException {
        String name = run.experiment();
        Optional<Service.Experiment> known = server.call(client -> client.getExperimentByName(name));
        if (known.isEmpty()) {
            try {
                String id = server.call(client -> client.createExperiment(name));
                describe(id, run);
                return id;
            } catch (ServerException e) {
                // Another process, or an earlier attempt whose response was lost, may have created the experiment.
                known = server.call(client -> client.getExperimentByName(name));
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

    /** Copies the description of an experiment that was created here from the book. */
    private void describe(String id, Run run) throws ServerException {
        String about = experimentTags(run).get(RunInfo.NOTE_TAG);
        if (about != null) {
            setTag(id, RunInfo.NOTE_TAG, about);
        }
    }
}
