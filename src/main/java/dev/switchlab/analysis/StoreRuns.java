package dev.switchlab.analysis;

import dev.switchlab.tracking.MetricPoint;
import dev.switchlab.tracking.TrackedRun;
import dev.switchlab.tracking.TrackingStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A tracking store as a source of runs. */
record StoreRuns(TrackingStore store) implements RunSource {

    @Override
    public List<TrackedRun> runs() {
        return store.runs(Optional.empty(), Integer.MAX_VALUE);
    }

    @Override
    public List<TrackedRun> experiment(String name) {
        return store.runs(Optional.of(name), Integer.MAX_VALUE);
    }

    @Override
    public TrackedRun find(String idOrName) {
        return store.findRun(idOrName);
    }

    @Override
    public List<MetricPoint> history(String runId, String metric) {
        return store.history(runId, metric);
    }

    @Override
    public List<String> artifacts(String runId) {
        return store.artifacts(runId);
    }

    @Override
    public String text(String runId, String artifactPath) {
        try {
            Path file = Files.createTempFile("switchlab-artifact", ".txt");
            try {
                store.download(runId, artifactPath, file);
                return Files.readString(file);
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
