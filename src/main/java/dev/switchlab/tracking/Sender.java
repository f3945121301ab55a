package dev.switchlab.tracking;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.tracking.ServerException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.mlflow.api.proto.Service;

/**
 * Sends a spool's events to the server in order, and its files between them.
 *
 * <p>After a failure the same thing is sent again, so that the server may see it twice. That does no harm: the same param, tag, file or
 * status again changes nothing, and MLflow's SQL stores keep a metric point once, because its key is the whole of it (key, timestamp,
 * step, value, run).
 */
final class Sender implements AutoCloseable {
    private static final Duration SAVE_EVERY = Duration.ofMillis(250);

    private final Spool spool;
    private final Server server;
    private final RunCreation creation;
    private final Leftovers leftovers;
    private final TrackingOptions options;
    private final Journal.Reader reader;
    private final Deque<Event.Artifact> waiting;
    private Batch batch = new Batch();
    private long upTo;
    private Event held;
    private long lastSave = System.nanoTime();
    private volatile boolean showsBars;

    Sender(Spool spool, Server server, Leftovers leftovers, TrackingOptions options) throws IOException {
        this.spool = spool;
        this.server = server;
        this.creation = new RunCreation(spool, server);
        this.leftovers = leftovers;
        this.options = options;
        this.upTo = spool.sent().offset();
        this.reader = spool.journal().reader(upTo);
        this.waiting = new ArrayDeque<>(spool.waiting());
    }

    /** Lines of the journal that were damaged, and so not sent. */
    int damaged() {
        return reader.damaged();
    }

    /** From now on nothing else is on the terminal: large uploads may show a bar. */
    void showBars() {
        showsBars = options.progressBars();
    }

    /**
     * Sends the next batch, file or single event.
     *
     * @param progress is told bytes as they flow in a long upload
     * @return false if there was nothing to send
     */
    boolean sendNext(LongConsumer progress) throws ServerException, IOException {
        creation.ensure();
        if (batch.isEmpty()) {
            fill();
        }
        if (!batch.isEmpty()) {
            send(batch);
            batch = new Batch();
            commit(false);
            return true;
        }
        if (!waiting.isEmpty()) {
            upload(waiting.getFirst(), progress);
            waiting.removeFirst();
            return true;
        }
        if (held == null) {
            commit(true);
            return false;
        }
        sendSingle(held);
        held = null;
        upTo = reader.offset();
        commit(true);
        return true;
    }

    /** Reads events into the batch until it is full, or the next event goes alone, or there is none. */
    private void fill() throws IOException {
        while (true) {
            if (held == null) {
                Optional<Event> next = reader.next();
                if (next.isEmpty()) {
                    return;
                }
                held = next.get();
            }
            if (!take(held)) {
                return;
            }
            held = null;
            upTo = reader.offset();
        }
    }

    private boolean take(Event event) {
        if (event instanceof Event.Metrics metrics) {
            return batch.add(metrics);
        }
        if (event instanceof Event.Params params) {
            return batch.add(params);
        }
        if (event instanceof Event.Tags tags) {
            return batch.add(tags);
        }
        if (event instanceof Event.Artifact artifact) {
            waiting.addLast(artifact);
            return true;
        }
        return event instanceof Event.Start;
    }

    private String runId() {
        return spool.sent().runId();
    }

    private void send(Batch items) throws ServerException, IOException {
        try {
            server.official().call(client -> {
                client.logBatch(runId(), items.metrics(), items.params(), items.tags());
                return items;
            });
        } catch (ServerException e) {
            if (e.kind() != Kind.REJECTED) {
                throw e;
            }
            requireActive();
            if (items.size() == 1) {
                if (isThere(items)) {
                    return;
                }
                leftovers.reject(runId(), items, e.getMessage());
            } else {
                for (Batch half : items.halves()) {
                    send(half);
                }
            }
        }
    }

    /**
     * Whether the server has an item although it refuses it. MLflow refuses a NaN that is sent again: its search for what is stored
     * compares NaN with NaN and finds nothing, and then its table refuses the second row.
     */
    private boolean isThere(Batch item) throws ServerException {
        if (!item.metrics().isEmpty()) {
            Service.Metric metric = item.metrics().get(0);
            MetricPoint sent = new MetricPoint(metric.getStep(), metric.getTimestamp(), metric.getValue());
            return new RunReader(server).history(runId(), metric.getKey()).contains(sent);
        }
        Service.RunData data =
                server.official().call(client -> client.getRun(runId()).getData());
        return data.getParamsList().containsAll(item.params())
                && data.getTagsList().containsAll(item.tags());
    }

    /** Tells a deleted run, which takes nothing, from an item that the server does not take. */
    private void requireActive() throws ServerException {
        String stage = server.official()
                .call(client -> client.getRun(runId()).getInfo().getLifecycleStage());
        if (!stage.equals("active")) {
            throw new ServerException(Kind.MISSING, "its run " + runId() + " is " + stage + "; restore it there");
        }
    }

    private void sendSingle(Event event) throws ServerException, IOException {
        try {
            if (event instanceof Event.Input input) {
                post("runs/log-inputs", input(input.dataset()));
            } else if (event instanceof Event.Resume) {
                post("runs/update", run().put("status", "RUNNING"));
            } else if (event instanceof Event.Finish finish) {
                server.official().call(client -> {
                    client.setTerminated(
                            runId(), Service.RunStatus.valueOf(finish.status().name()), finish.time());
                    return finish;
                });
                creation.removeTwins();
            }
        } catch (ServerException e) {
            boolean unknownEndpoint = e.status() == 404 && e.kind() == Kind.UNUSABLE && event instanceof Event.Input;
            if (e.kind() != Kind.REJECTED && !unknownEndpoint) {
                throw e;
            }
            requireActive();
            leftovers.tell("run " + runId() + ": the server does not take its "
                    + event.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT) + ": " + e.getMessage());
        }
    }

    private void post(String endpoint, ObjectNode body) throws ServerException {
        server.official().call(client -> client.sendPost(endpoint, body.toString()));
    }

    private ObjectNode run() {
        return JsonNodeFactory.instance.objectNode().put("run_id", runId());
    }

    private ObjectNode input(Dataset dataset) {
        ObjectNode request = run();
        ObjectNode input = request.withArray("datasets").addObject();
        input.withArray("tags").addObject().put("key", "mlflow.data.context").put("value", dataset.context());
        input.putObject("dataset")
                .put("name", dataset.name())
                .put("digest", dataset.digest())
                .put("source_type", dataset.sourceType())
                .put("source", dataset.sourceJson());
        return request;
    }

    private void upload(Event.Artifact artifact, LongConsumer progress) throws ServerException, IOException {
        Path file = spool.artifacts().resolve(artifact.file());
        if (!Files.exists(file)) {
            return;
        }
        String uri = spool.sent().artifactUri();
        if (!RestClient.isProxied(uri)) {
            leftovers.keep(
                    runId(),
                    artifact.path(),
                    file,
                    "the server has its artifacts at " + uri
                            + ", which only a client with access to that storage can reach");
            return;
        }
        long size = Files.size(file);
        try (UploadProgress bar = showsBars && size >= UploadProgress.LARGE
                ? UploadProgress.bar(artifact.path(), size)
                : UploadProgress.none()) {
            server.rest().upload(uri, artifact.path(), file, bytes -> {
                bar.accept(bytes);
                progress.accept(bytes);
            });
            Files.delete(file);
        } catch (ServerException e) {
            boolean noSuchDoor = e.status() == 404 || e.status() == 405 || e.status() == 501;
            if (e.kind() != Kind.REJECTED && !noSuchDoor) {
                throw e;
            }
            leftovers.keep(runId(), artifact.path(), file, e.getMessage());
        }
    }

    /** Remembers how far we are; not at every batch, because sending a few again does no harm. */
    private void commit(boolean now) throws IOException {
        if (spool.sent().offset() == upTo) {
            return;
        }
        if (now || System.nanoTime() - lastSave > SAVE_EVERY.toNanos()) {
            spool.save(spool.sent().upTo(upTo));
            lastSave = System.nanoTime();
        }
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
