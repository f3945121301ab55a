package dev.switchlab.notebook;

import dev.switchlab.tracking.RunInfo;
import dev.switchlab.tracking.RunLog;
import dev.switchlab.tracking.TrackedRun;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.tracking.TrackingUri;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The one place where the lab touches the tracking store. It opens when it is first asked for something. */
final class LabStore implements AutoCloseable {

    private static final String WEIGHTS = "weights.safetensors";
    private static final int MOST_RUNS = 200;

    private final String uri;
    private final Path folder;
    private TrackingStore store;

    /**
     * @param uri an MLflow server; blank for the embedded store
     * @param folder where the embedded store and checkpoints are
     */
    LabStore(String uri, Path folder) {
        this.uri = uri;
        this.folder = folder;
    }

    private TrackingStore store() {
        if (store == null) {
            Optional<URI> server = uri.isBlank() ? Optional.empty() : Optional.of(TrackingUri.parse(uri.strip()));
            store = TrackingStore.open(server, folder);
        }
        return store;
    }

    /** All runs, newest first. */
    List<TrackedRun> runs() {
        return store().runs(Optional.empty(), MOST_RUNS);
    }

    /** A run by its id, the beginning of it, or its name; blank for the newest. */
    TrackedRun find(String run) {
        if (!run.isBlank()) {
            return store().findRun(run);
        }
        return runs().stream()
                .findFirst()
                .orElseThrow(
                        () -> new LabException("there is no run yet; make one with experiment(\"smoke\").train()"));
    }

    /** Copies the weights of a run to {@code target}. */
    void weights(TrackedRun run, Path target) {
        store().download(run.runId(), WEIGHTS, target);
    }

    /** Starts a run. */
    RunLog start(RunInfo info) {
        return store().startRun(info);
    }

    /** Keeps the weights of a run. */
    static void keepWeights(RunLog log, Path file) {
        log.file(WEIGHTS, file);
    }

    /** Where a run's checkpoints go. */
    Path checkpoints(String runId) {
        return folder.resolve("checkpoints").resolve(runId);
    }

    @Override
    public void close() {
        if (store != null) {
            store.close();
            store = null;
        }
    }
}
