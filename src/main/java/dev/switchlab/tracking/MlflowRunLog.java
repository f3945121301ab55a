package dev.switchlab.tracking;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A run on an MLflow server. Everything logged goes first into the run's {@link Spool} on the local disk, by one thread, and from there
 * to the server, by another; so the caller waits for neither, and whatever becomes of server, network or this process, nothing that was
 * spooled is lost.
 */
public final class MlflowRunLog implements RunLog {
    /** The shortest limits for values in any MLflow version since 2.8, in characters. */
    private static final int MAX_PARAM = 6000;

    private static final int MAX_TAG = 5000;

    private final String runId;
    private final Spool spool;
    private final SpoolWriter writer;
    private final Sending sending;
    private final Thread sendingThread;
    private final TrackingOptions options;
    private final Redactor redactor;
    private final Stored stored;
    private final Set<String> checkedKeys = ConcurrentHashMap.newKeySet();
    private final SystemMetrics systemMetrics;
    private boolean finished;

    /**
     * @param runId the id that it shows
     * @param sendingThread runs {@code sending}, started
     * @param stored points that the server has from before this run was resumed
     */
    MlflowRunLog(
            String runId, Spool spool, Sending sending, Thread sendingThread, TrackingOptions options, Stored stored) {
        this.runId = runId;
        this.spool = spool;
        this.sending = sending;
        this.sendingThread = sendingThread;
        this.options = options;
        this.redactor = new Redactor(options.credentials());
        this.stored = stored;
        this.writer = new SpoolWriter(spool, options.timing().force());
        this.systemMetrics = SystemMetrics.start(
                spool.folder(),
                options.systemMetrics(),
                stored.nextSystemStep(),
                (sample, metrics) -> writer.offer(Batch.metrics(sample, System.currentTimeMillis(), metrics)));
    }

    @Override
    public String runId() {
        return runId;
    }

    @Override
    public void params(Map<String, String> params) {
        params.keySet().forEach(key -> checkKey("param", key));
        texts("params", params, MAX_PARAM).forEach(part -> writer.append(List.of(new Event.Params(part))));
    }

    @Override
    public void tags(Map<String, String> tags) {
        tags.keySet().forEach(key -> checkKey("tag", key));
        texts("tags", tags, MAX_TAG).forEach(part -> writer.append(List.of(new Event.Tags(part))));
    }

    /** Values ready to be logged: without secrets, in parts that fit into a batch, and what is too long kept whole as an artifact. */
    private List<Map<String, String>> texts(String folder, Map<String, String> values, int limit) {
        Map<String, String> ready = new LinkedHashMap<>();
        redactor.clean(values).forEach((key, value) -> {
            if (value.length() > limit) {
                text(artifactOf(folder, key), value);
            }
            ready.put(key, cut(value, limit));
        });
        return Batch.parts(ready);
    }

    /** Keeps tags whole as artifacts where {@link #creationTags} had to cut them. */
    void keepLongTags(Map<String, String> tags) {
        tags.forEach((key, value) -> {
            if (value.length() > MAX_TAG) {
                text(artifactOf("tags", key), value);
            }
        });
    }

    private static String artifactOf(String folder, String key) {
        return folder + "/" + key.replaceAll("[^\\w.\\-/]", "_") + ".txt";
    }

    /** The tags that a run is created with: without secrets, within limits. */
    static Map<String, String> creationTags(Map<String, String> tags, Redactor redactor) {
        Map<String, String> ready = new LinkedHashMap<>();
        redactor.clean(tags).forEach((key, value) -> ready.put(key, cut(value, MAX_TAG)));
        return ready;
    }

    private static String cut(String value, int limit) {
        if (value.length() <= limit) {
            return value;
        }
        return value.substring(0, Character.isHighSurrogate(value.charAt(limit - 1)) ? limit - 1 : limit);
    }

    @Override
    public void metrics(long step, Map<String, Double> metrics) {
        metrics.keySet().forEach(key -> checkKey("metric", key));
        Map<String, Double> fresh = stored.without(step, metrics);
        if (!fresh.isEmpty()) {
            Batch.metrics(step, System.currentTimeMillis(), fresh).forEach(event -> writer.append(List.of(event)));
        }
    }

    /** Logs what the run trains on. */
    void dataset(Dataset dataset) {
        Dataset clean =
                new Dataset(dataset.name(), dataset.digest(), redactor.clean(dataset.source()), dataset.context());
        writer.append(List.of(new Event.Input(clean)));
    }

    /** Says that the run goes on. */
    void resume() {
        writer.append(List.of(new Event.Resume(System.currentTimeMillis())));
    }

    @Override
    public void text(String path, String content) {
        Keys.checkArtifactPath(path);
        String clean = redactor.clean(content);
        String name = spool.nextArtifact();
        writer.put(() -> {
            Files.writeString(spool.artifacts().resolve(name), clean);
            spool.journal().append(List.of(new Event.Artifact(path, name)));
        });
    }

    @Override
    public void file(String path, Path file) {
        Keys.checkArtifactPath(path);
        if (!Files.isRegularFile(file)) {
            throw new TrackingException("artifact '" + path + "': " + file + " is not a file");
        }
        String name = spool.nextArtifact();
        Path kept = spool.artifacts().resolve(name);
        try {
            link(file, kept);
        } catch (IOException e) {
            throw new TrackingException("artifact '" + path + "': cannot keep " + file + " in " + kept + ": " + e, e);
        }
        writer.append(List.of(new Event.Artifact(path, name)));
    }

    /** A second name for the same file, at once whatever its size; a copy where the file system has no links. */
    private static void link(Path file, Path target) throws IOException {
        try {
            Files.createLink(target, file.toRealPath());
        } catch (IOException | UnsupportedOperationException e) {
            Files.copy(file, target);
        }
    }

    private void checkKey(String kind, String key) {
        String checked = kind + " " + key;
        if (!checkedKeys.contains(checked)) {
            Keys.check(kind, key);
            checkedKeys.add(checked);
        }
    }

    @Override
    public void sync() {
        writer.sync();
    }

    @Override
    public void finish(RunStatus status) {
        end(status);
        writer.requireHealthy();
    }

    private synchronized void end(RunStatus status) {
        if (finished) {
            return;
        }
        finished = true;
        systemMetrics.close();
        try {
            writer.append(List.of(new Event.Finish(status, System.currentTimeMillis())));
        } catch (TrackingException e) {
            // Of a disk that takes no more; finish() tells it. What is on the disk is sent all the same.
            options.notices().accept("run " + runId + ": " + e.getMessage());
        }
        writer.close();
        sending.complete(options.timing().finish());
        try {
            sendingThread.join();
        } catch (InterruptedException e) {
            sendingThread.interrupt();
            Thread.currentThread().interrupt();
        }
        leaveSpool();
    }

    private void leaveSpool() {
        try {
            if (sending.isDrained()) {
                sending.tidy();
                return;
            }
            spool.close();
            options.notices()
                    .accept("run " + runId + ": not everything could be sent (" + sending.lastFailure()
                            + "); it is kept in " + spool.folder() + ", send it later with: make flush RUN=" + runId);
        } catch (IOException e) {
            options.notices().accept("run " + runId + ": cannot tidy " + spool.folder() + ": " + e.getMessage());
        }
    }

    @Override
    public void close() {
        end(RunStatus.FAILED);
    }
}
