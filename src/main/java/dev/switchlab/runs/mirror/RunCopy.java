package dev.switchlab.runs.mirror;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.runs.ArtifactFolder;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.db.DatasetsTable;
import dev.switchlab.runs.db.DatasetsTable.DatasetRow;
import dev.switchlab.runs.db.MetricsTable;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.io.IOException;
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
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.mlflow.api.proto.Service;

/**
 * The copy of one run on a server. Each {@linkplain #pass pass} sends what the server lacks.
 *
 * <p>What it lacks is decided by content, so nothing has to be remembered but what the server tells: points go out per
 * key in the order of (step, timestamp, value), and MLflow's latest point of a key is the largest of them, so
 * everything up to it is there. After a failure the same may be sent twice. That does no harm: the same param, tag,
 * file or status again changes nothing, and the whole of a point is its primary key on MLflow's SQL stores.
 */
final class RunCopy {
    private final Book book;
    private final String runId;
    private final MlflowServer server;
    private final ServerRuns runs;
    private final Consumer<String> notices;
    private final LongConsumer progress;
    private final Map<String, PointRow> latest = new HashMap<>();
    private final Map<String, String> params = new HashMap<>();
    private final Map<String, String> tags = new HashMap<>();
    private final Set<DatasetRow> datasets = new HashSet<>();
    private final Set<String> told = new HashSet<>();
    private Service.RunInfo copy;
    private String status = "";
    private long filesBefore;

    /**
     * @param notices takes one-line messages for the user
     * @param progress is told bytes as they flow in a long upload
     */
    RunCopy(Book book, String runId, MlflowServer server, Consumer<String> notices, LongConsumer progress) {
        this.book = book;
        this.runId = runId;
        this.server = server;
        this.runs = new ServerRuns(book, server);
        this.notices = notices;
        this.progress = progress;
    }

    /**
     * Sends what the server lacks now.
     *
     * @return whether the run has ended and the server has everything
     */
    boolean pass() throws ServerException, IOException {
        long begun = System.currentTimeMillis();
        Run run = book.byId(runId).orElseThrow(() -> new BookException("run " + runId + " is gone from the book"));
        if (copy == null) {
            open(run);
        }
        for (LogBatch batch : LogBatch.ofParams(lacking(run.params(), params))) {
            send(batch);
        }
        params.putAll(run.params());
        Map<String, String> wanted = runs.tagsFor(run);
        for (LogBatch batch : LogBatch.ofTags(lacking(wanted, tags))) {
            send(batch);
        }
        tags.putAll(wanted);
        sendPoints();
        sendDatasets();
        sendFiles();
        filesBefore = begun;
        return sendStatus(run);
    }

    /** Learns what the server has. */
    private void open(Run run) throws ServerException {
        Service.Run found = runs.ensure(run);
        filesBefore = MirrorState.of(book.byId(runId).orElse(run), server.uri())
                .map(MirrorState::time)
                .orElse(0L);
        found.getData().getParamsList().forEach(param -> params.put(param.getKey(), param.getValue()));
        found.getData().getTagsList().forEach(tag -> tags.put(tag.getKey(), tag.getValue()));
        for (Service.Metric metric : found.getData().getMetricsList()) {
            latest.put(
                    metric.getKey(),
                    PointRow.of(metric.getKey(), metric.getValue(), metric.getTimestamp(), metric.getStep()));
        }
        status = found.getInfo().getStatus().name();
        copy = found.getInfo();
    }

    private static Map<String, String> lacking(Map<String, String> wanted, Map<String, String> there) {
        Map<String, String> lacking = new LinkedHashMap<>(wanted);
        lacking.entrySet().removeIf(entry -> entry.getValue().equals(there.get(entry.getKey())));
        return lacking;
    }

    private void sendPoints() throws ServerException {
        List<PointRow> waiting = new ArrayList<>();
        for (PointRow newest : book.read(session -> MetricsTable.latest(session, runId))) {
            PointRow last = latest.get(newest.key());
            if (last != null && !newest.isLaterThan(last)) {
                continue;
            }
            long from = last == null ? 0 : last.timestamp();
            for (PointRow point : book.read(session -> MetricsTable.history(session, runId, newest.key(), from))) {
                if (last == null || point.isLaterThan(last)) {
                    waiting.add(point);
                }
                if (waiting.size() == LogBatch.MAX_METRICS) {
                    sendPoints(waiting);
                }
            }
        }
        if (!waiting.isEmpty()) {
            sendPoints(waiting);
        }
    }

    private void sendPoints(List<PointRow> points) throws ServerException {
        send(LogBatch.ofMetrics(points));
        points.forEach(point -> latest.put(point.key(), point));
        points.clear();
    }

    private void send(LogBatch batch) throws ServerException {
        try {
            server.official().call(client -> {
                client.logBatch(copy.getRunId(), batch.metrics(), batch.params(), batch.tags());
                return batch;
            });
            progress.accept(batch.size());
        } catch (ServerException e) {
            if (e.kind() != Kind.REJECTED) {
                throw e;
            }
            runs.requireActive(copy.getRunId());
            if (batch.size() > 1) {
                for (LogBatch half : batch.halves()) {
                    send(half);
                }
            } else if (!isThere(batch)) {
                tell("the server does not take its " + batch.describe() + ", which stays in the book: "
                        + e.getMessage());
            }
        }
    }

    /**
     * Whether the server has an item although it refuses it. MLflow refuses a NaN that is sent again: its search for
     * what is stored compares NaN with NaN and finds nothing, and then its table refuses the second row.
     */
    private boolean isThere(LogBatch item) throws ServerException {
        if (!item.metrics().isEmpty()) {
            Service.Metric metric = item.metrics().get(0);
            MetricPoint sent = new MetricPoint(metric.getStep(), metric.getTimestamp(), metric.getValue());
            return server.history(copy.getRunId(), metric.getKey()).contains(sent);
        }
        Service.RunData data =
                server.official().call(client -> client.getRun(copy.getRunId()).getData());
        return data.getParamsList().containsAll(item.params())
                && data.getTagsList().containsAll(item.tags());
    }

    private void sendDatasets() throws ServerException {
        for (DatasetRow dataset : book.read(session -> DatasetsTable.of(session, runId))) {
            if (datasets.contains(dataset)) {
                continue;
            }
            ObjectNode request = JsonNodeFactory.instance.objectNode().put("run_id", copy.getRunId());
            ObjectNode input = request.withArray("datasets").addObject();
            input.withArray("tags")
                    .addObject()
                    .put("key", "mlflow.data.context")
                    .put("value", dataset.context());
            input.putObject("dataset")
                    .put("name", dataset.name())
                    .put("digest", dataset.digest())
                    .put("source_type", dataset.sourceType())
                    .put("source", dataset.source())
                    .put("schema", dataset.schema())
                    .put("profile", dataset.profile());
            try {
                server.post("runs/log-inputs", request);
            } catch (ServerException e) {
                // Servers before MLflow 2.4 have no datasets.
                if (e.kind() != Kind.REJECTED && e.status() != 404) {
                    throw e;
                }
                tell("the server does not take its dataset: " + e.getMessage());
            }
            datasets.add(dataset);
        }
    }

    /** Sends files that have changed since the last pass began. */
    private void sendFiles() throws ServerException, IOException {
        ArtifactFolder artifacts = book.artifacts(runId);
        for (String path : artifacts.list()) {
            Path file = artifacts.file(path);
            // The file system's clock may be coarser than ours.
            if (Files.getLastModifiedTime(file).toMillis() < filesBefore - 2000) {
                continue;
            }
            if (!RestClient.isProxied(copy.getArtifactUri())) {
                tell("its files stay in the book, because the server has its artifacts at " + copy.getArtifactUri()
                        + ", which only a client with access to that storage can reach");
                return;
            }
            try {
                server.rest().upload(copy.getArtifactUri(), path, file, progress);
            } catch (ServerException e) {
                boolean noSuchDoor = e.status() == 404 || e.status() == 405 || e.status() == 501;
                if (e.kind() != Kind.REJECTED && !noSuchDoor) {
                    throw e;
                }
                tell("its files stay in the book, because " + e.getMessage());
            }
        }
    }

    /** Says how the run ended, or that it goes on again; last, so that a run that looks finished is whole. */
    private boolean sendStatus(Run run) throws ServerException {
        boolean ended = run.end().isPresent() && !run.status().equals("RUNNING");
        if (!run.status().equals(status)) {
            if (ended) {
                server.official().call(client -> {
                    client.setTerminated(
                            copy.getRunId(),
                            Service.RunStatus.valueOf(run.status()),
                            run.end().get().toEpochMilli());
                    return run;
                });
                runs.removeTwins(run, copy);
            } else {
                server.post(
                        "runs/update",
                        JsonNodeFactory.instance
                                .objectNode()
                                .put("run_id", copy.getRunId())
                                .put("status", run.status()));
            }
            status = run.status();
        }
        return ended;
    }

    /** Keeps with the run how far its copy is. */
    void keep(boolean whole) {
        if (copy != null) {
            new MirrorState(Optional.of(copy.getRunId()), Optional.of(copy.getExperimentId()), whole, filesBefore)
                    .keep(book, runId, server.uri());
        }
    }

    private void tell(String notice) {
        if (told.add(notice)) {
            notices.accept("run " + runId + ": " + notice);
        }
    }
}
