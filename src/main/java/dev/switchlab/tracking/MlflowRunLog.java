package dev.switchlab.tracking;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.mlflow.api.proto.Service;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.tracking.MlflowClient;

/** A run in an MLflow store, written in batches from a thread of its own. */
final class MlflowRunLog implements RunLog {

    /** MLflow's limits of one batch. */
    private static final int METRICS = 1000;

    private static final int PARAMS = 100;
    private static final int PARAM_LENGTH = 6000;

    private final MlflowClient client;
    private final Artifacts artifacts;
    private final String runId;
    private final String artifactRoot;
    private final Map<String, Set<Long>> stored;
    private final BlockingQueue<Entry> queue = new LinkedBlockingQueue<>();
    private final Thread writer;
    private volatile RuntimeException failure;
    private boolean finished;

    /**
     * @param stored points that the store has from before this run was resumed, metric to steps: not to be stored twice
     */
    MlflowRunLog(
            MlflowClient client,
            Artifacts artifacts,
            String runId,
            String artifactRoot,
            Map<String, Set<Long>> stored) {
        this.stored = stored;
        this.client = client;
        this.artifacts = artifacts;
        this.runId = runId;
        this.artifactRoot = artifactRoot;
        writer = new Thread(this::write, "run-log");
        writer.start();
    }

    private sealed interface Entry {}

    private record Metrics(List<Metric> values) implements Entry {}

    private record Params(List<Param> values) implements Entry {}

    private record Tags(List<RunTag> values) implements Entry {}

    private record Text(String path, String content) implements Entry {}

    private record Sync(CountDownLatch reached) implements Entry {}

    private record End() implements Entry {}

    @Override
    public String runId() {
        return runId;
    }

    @Override
    public void params(Map<String, String> params) {
        List<Param> values = new ArrayList<>();
        Map<String, String> whole = new LinkedHashMap<>();
        params.forEach((key, value) -> {
            if (value.length() > PARAM_LENGTH) {
                whole.put(key, value);
            }
            String kept = value.substring(0, Math.min(value.length(), PARAM_LENGTH));
            values.add(Param.newBuilder().setKey(key).setValue(kept).build());
        });
        queue.add(new Params(values));
        whole.forEach((key, value) -> text("params/" + key + ".txt", value));
    }

    @Override
    public void tags(Map<String, String> tags) {
        queue.add(new Tags(tags.entrySet().stream()
                .map(e -> RunTag.newBuilder()
                        .setKey(e.getKey())
                        .setValue(e.getValue())
                        .build())
                .toList()));
    }

    @Override
    public void metrics(long step, Map<String, Double> metrics) {
        long now = System.currentTimeMillis();
        queue.add(new Metrics(metrics.entrySet().stream()
                .filter(e -> !stored.getOrDefault(e.getKey(), Set.of()).contains(step))
                .map(e -> Metric.newBuilder()
                        .setKey(e.getKey())
                        .setValue(e.getValue())
                        .setTimestamp(now)
                        .setStep(step)
                        .build())
                .toList()));
    }

    @Override
    public void text(String path, String content) {
        queue.add(new Text(path, content));
    }

    @Override
    public void file(String path, Path file) {
        try {
            artifacts.put(artifactRoot, path, HttpRequest.BodyPublishers.ofFile(file));
        } catch (IOException e) {
            throw new TrackingException("artifact " + path + ": cannot read " + file, e);
        }
    }

    @Override
    public void sync() {
        Sync sync = new Sync(new CountDownLatch(1));
        queue.add(sync);
        try {
            sync.reached().await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void finish(RunStatus status) {
        finished = true;
        drain();
        client.setTerminated(
                runId,
                switch (status) {
                    case FINISHED -> Service.RunStatus.FINISHED;
                    case FAILED -> Service.RunStatus.FAILED;
                    case KILLED -> Service.RunStatus.KILLED;
                },
                System.currentTimeMillis());
        if (failure != null) {
            throw new TrackingException(
                    "run " + runId + " was not logged completely: " + failure.getMessage(), failure);
        }
    }

    @Override
    public void close() {
        if (!finished) {
            finish(RunStatus.FAILED);
        }
    }

    private void drain() {
        queue.add(new End());
        try {
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        try {
            boolean open = true;
            while (open) {
                List<Entry> entries = new ArrayList<>(List.of(queue.take()));
                queue.drainTo(entries);
                open = entries.stream().noneMatch(End.class::isInstance);
                try {
                    send(entries);
                } catch (RuntimeException e) {
                    failure = e;
                }
                entries.stream()
                        .filter(Sync.class::isInstance)
                        .forEach(sync -> ((Sync) sync).reached().countDown());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(List<Entry> entries) {
        List<Metric> metrics = new ArrayList<>();
        List<Param> params = new ArrayList<>();
        List<RunTag> tags = new ArrayList<>();
        for (Entry entry : entries) {
            if (entry instanceof Metrics m) {
                metrics.addAll(m.values());
            } else if (entry instanceof Params p) {
                params.addAll(p.values());
            } else if (entry instanceof Tags t) {
                tags.addAll(t.values());
            } else if (entry instanceof Text text) {
                artifacts.put(artifactRoot, text.path(), HttpRequest.BodyPublishers.ofString(text.content()));
            }
        }
        for (int from = 0; from < metrics.size(); from += METRICS) {
            client.logBatch(
                    runId, metrics.subList(from, Math.min(from + METRICS, metrics.size())), List.of(), List.of());
        }
        for (int from = 0; from < params.size(); from += PARAMS) {
            client.logBatch(runId, List.of(), params.subList(from, Math.min(from + PARAMS, params.size())), List.of());
        }
        for (int from = 0; from < tags.size(); from += PARAMS) {
            client.logBatch(runId, List.of(), List.of(), tags.subList(from, Math.min(from + PARAMS, tags.size())));
        }
    }
}
