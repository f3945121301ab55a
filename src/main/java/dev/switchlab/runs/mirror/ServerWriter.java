package dev.switchlab.runs.mirror;

import dev.switchlab.runs.ArtifactFolder;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.RunState;
import dev.switchlab.runs.RunWriter;
import dev.switchlab.runs.db.DatasetsTable.DatasetRow;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.db.RunsTable.RunRow;
import dev.switchlab.runs.db.TextsTable;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import org.mlflow.api.proto.Service;

/**
 * The copy of a book's run on an MLflow server. The state on the server is read once and then tracked; after a failure
 * it is read again.
 */
final class ServerWriter implements RunWriter {
    private final Book book;
    private final String runId;
    private final MlflowServer server;
    private final ServerRuns runs;
    private final LongConsumer progress;
    private final Set<DatasetRow> datasets = new HashSet<>();
    /** The state on the server, with the book's id of the parent; null until it was read. */
    private RunState there;

    private Service.RunInfo info;
    private String status = "";
    /** Start of this pass, in ms since 1970. */
    private long begun;
    /** Files that changed before this time are on the server. */
    private long filesBefore;

    private volatile boolean whole;

    /** @param progress receives the bytes sent during a long upload */
    ServerWriter(Book book, String runId, MlflowServer server, LongConsumer progress) {
        this.book = book;
        this.runId = runId;
        this.server = server;
        this.runs = new ServerRuns(book, server);
        this.progress = progress;
    }

    @Override
    public String place() {
        return server.uri().toString();
    }

    @Override
    public boolean isMirror() {
        return true;
    }

    /** Creates the run on the server if necessary. */
    @Override
    public Optional<RunState> existing() throws ServerException {
        whole = false;
        begun = System.currentTimeMillis();
        if (there == null) {
            Service.Run found = runs.ensure(runId);
            Run run = runs.inBook(runId);
            RunState state = ServerReader.stateOf(found, run.experiment(), List.of());
            String parent = run.tags().get(RunInfo.PARENT_TAG);
            if (parent != null && runs.idOnServer(parent).equals(state.tags().get(RunInfo.PARENT_TAG))) {
                state.tags().put(RunInfo.PARENT_TAG, parent);
            }
            filesBefore =
                    MirrorState.of(run, server.uri()).map(MirrorState::time).orElse(0L);
            runs.keepView(found.getInfo().getExperimentId(), run);
            status = state.row().status();
            info = found.getInfo();
            there = state;
        }
        return Optional.of(there);
    }

    @Override
    public List<PointRow> history(String key) throws ServerException {
        return server.history(info.getRunId(), key);
    }

    /** Writes the status last: a run that looks finished is complete. */
    @Override
    public boolean write(Changes changes) throws IOException {
        writeTexts(changes);
        writePoints(changes);
        writeDatasets(changes);
        writeFiles(changes);
        filesBefore = begun;
        writeStatus(changes.state());
        whole = changes.state().hasEnded();
        return true;
    }

    private void writeTexts(Changes changes) throws ServerException {
        for (LogBatch batch : LogBatch.ofParams(changes.params())) {
            send(batch, changes);
        }
        there.params().putAll(changes.params());
        Map<String, String> tags = new LinkedHashMap<>(changes.tags());
        // The name was given with the run. Whoever changes it on the server keeps the change.
        tags.keySet().removeIf(key -> key.startsWith(Book.MIRROR_TAG) || key.equals(TextsTable.RUN_NAME));
        String parent = tags.get(RunInfo.PARENT_TAG);
        if (parent != null) {
            tags.put(RunInfo.PARENT_TAG, runs.idOnServer(parent));
        }
        for (LogBatch batch : LogBatch.ofTags(tags)) {
            send(batch, changes);
        }
        there.tags().putAll(changes.tags());
    }

    private void writePoints(Changes changes) throws IOException {
        List<PointRow> waiting = new ArrayList<>();
        for (String key : changes.metrics()) {
            for (PointRow point : changes.points().of(key)) {
                waiting.add(point);
                if (waiting.size() == LogBatch.MAX_METRICS) {
                    sendPoints(waiting, changes);
                }
            }
        }
        if (!waiting.isEmpty()) {
            sendPoints(waiting, changes);
        }
    }

    private void sendPoints(List<PointRow> points, Changes changes) throws ServerException {
        send(LogBatch.ofMetrics(points), changes);
        points.forEach(point -> there.latest().put(point.key(), point));
        points.clear();
    }

    /** Sends a batch; if the server refuses it, sends its halves, to find the item that is refused. */
    private void send(LogBatch batch, Changes changes) throws ServerException {
        try {
            server.call(client -> {
                client.logBatch(info.getRunId(), batch.metrics(), batch.params(), batch.tags());
                return batch;
            });
            progress.accept(batch.size());
        } catch (ServerException e) {
            if (e.kind() != Kind.REJECTED) {
                throw e;
            }
            runs.requireActive(info.getRunId());
            if (batch.size() > 1) {
                for (LogBatch half : batch.halves()) {
                    send(half, changes);
                }
            } else if (!isThere(batch)) {
                tell(
                        changes,
                        "the server does not take its " + batch.describe() + ", which stays in the book: "
                                + e.getMessage());
            }
        }
    }

    private void tell(Changes changes, String notice) {
        changes.notices().accept("run " + runId + ": " + notice);
    }

    /**
     * Whether the server already has an item that it refuses. MLflow refuses a NaN that is sent twice: its search for
     * existing points compares NaN with NaN and finds nothing, and then the table refuses the duplicate row.
     */
    private boolean isThere(LogBatch item) throws ServerException {
        if (!item.metrics().isEmpty()) {
            Service.Metric metric = item.metrics().get(0);
            return history(metric.getKey())
                    .contains(PointRow.of(metric.getKey(), metric.getValue(), metric.getTimestamp(), metric.getStep()));
        }
        Service.RunData data =
                server.call(client -> client.getRun(info.getRunId()).getData());
        return data.getParamsList().containsAll(item.params())
                && data.getTagsList().containsAll(item.tags());
    }

    private void writeDatasets(Changes changes) throws ServerException {
        for (DatasetRow dataset : changes.state().datasets()) {
            if (datasets.contains(dataset)) {
                continue;
            }
            try {
                server.logDataset(info.getRunId(), dataset);
            } catch (ServerException e) {
                // Servers before MLflow 2.4 have no datasets.
                if (e.kind() != Kind.REJECTED && e.status() != 404) {
                    throw e;
                }
                runs.requireActive(info.getRunId());
                tell(changes, "the server does not take its dataset: " + e.getMessage());
            }
            datasets.add(dataset);
        }
    }

    /** Uploads files that have changed since the last pass began. */
    private void writeFiles(Changes changes) throws IOException {
        for (String path : changes.files()) {
            Path file = changes.from().local(path).orElseThrow();
            // The file system's clock may be coarser than the JVM's.
            if (Files.getLastModifiedTime(file).toMillis() < filesBefore - 2000) {
                continue;
            }
            if (!ArtifactFolder.isProxied(info.getArtifactUri())) {
                tell(
                        changes,
                        "its files stay in the book, because the server has its artifacts at " + info.getArtifactUri()
                                + ", which only a client with access to that storage can reach");
                return;
            }
            try {
                server.rest().upload(info.getArtifactUri(), path, file, progress);
            } catch (ServerException e) {
                boolean noSuchDoor = e.status() == 404 || e.status() == 405 || e.status() == 501;
                if (e.kind() != Kind.REJECTED && !noSuchDoor) {
                    throw e;
                }
                tell(changes, "its files stay in the book, because " + e.getMessage());
            }
        }
    }

    private void writeStatus(RunState run) throws ServerException {
        RunRow row = run.row();
        if (row.status().equals(status)) {
            return;
        }
        if (run.hasEnded()) {
            server.call(client -> {
                client.setTerminated(
                        info.getRunId(),
                        Service.RunStatus.valueOf(row.status()),
                        row.endTime().orElseThrow());
                return row;
            });
            runs.removeTwins(runId, info);
        } else {
            server.setStatus(info.getRunId(), row.status());
        }
        status = row.status();
    }

    /** Whether the run has ended and the server has all of it. */
    boolean isWhole() {
        return whole;
    }

    /** Stores the state of the copy with the run. */
    void keepState() {
        if (info != null) {
            new MirrorState(Optional.of(info.getRunId()), Optional.of(info.getExperimentId()), whole, filesBefore)
                    .keep(book, runId, server.uri());
        }
    }
}
