package dev.switchlab.notebook;

import dev.switchlab.tracking.RunInfo;
import dev.switchlab.tracking.RunLog;
import dev.switchlab.tracking.StoredRun;
import dev.switchlab.tracking.TrackingStore;
import java.nio.file.Path;
import java.util.List;

/** The one place where the lab touches the tracking store. It opens when it is first asked for something. */
final class LabStore implements AutoCloseable {

    private static final String WEIGHTS = "weights.safetensors";

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
            store = TrackingStore.open(uri, folder);
        }
        return store;
    }

    /** All runs, newest first. */
    List<StoredRun> runs() {
        return store().runs();
    }

    /** A run by its id, the beginning of it, or its name; blank for the newest. */
    StoredRun find(String run) {
        return store().findRun(run);
    }

    /** Copies the weights of a run to {@code target}. */
    void weights(StoredRun run, Path target) {
        store().download(run.id(), WEIGHTS, target);
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
