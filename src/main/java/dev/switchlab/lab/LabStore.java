package dev.switchlab.lab;

import dev.switchlab.tracking.TrackedRun;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.tracking.TrackingUri;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The one place where the lab touches the tracking store. It opens when it is first asked for something. */
final class LabStore implements AutoCloseable {

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

    /** Where runs, checkpoints and reports are on this machine. */
    Path folder() {
        return folder;
    }

    /** The store itself. */
    TrackingStore tracking() {
        if (store == null) {
            Optional<URI> server = uri.isBlank() ? Optional.empty() : Optional.of(TrackingUri.parse(uri.strip()));
            store = TrackingStore.open(server, folder);
        }
        return store;
    }

    /** All runs, newest first. */
    List<TrackedRun> runs() {
        return tracking().runs(Optional.empty(), MOST_RUNS);
    }

    /** A run by its id, the beginning of it, or its name; blank for the newest. */
    TrackedRun find(String run) {
        if (!run.isBlank()) {
            return tracking().findRun(run);
        }
        return runs().stream()
                .findFirst()
                .orElseThrow(
                        () -> new LabException("there is no run yet; make one with experiment(\"smoke\").train()"));
    }

    @Override
    public void close() {
        if (store != null) {
            store.close();
            store = null;
        }
    }
}
