package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.tracking.MetricPoint;
import dev.switchlab.tracking.StoredRun;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** Which finished run. */
final class RunOptions {

    @Option(
            names = "--run",
            paramLabel = "ID",
            description = "A run by its id, the first characters of it, or its name; default: the latest.",
            defaultValue = "${env:SWITCHLAB_RUN:-}")
    private String run;

    /** The run in {@code store}. */
    StoredRun find(TrackingStore store) {
        return store.findRun(run);
    }

    /** The model that {@code run} trained. */
    static LanguageModel model(TrackingStore store, StoredRun run, Device device) throws IOException {
        Path file = Files.createTempFile("switchlab-weights", ".safetensors");
        try {
            store.download(run.id(), "weights.safetensors", file);
            return LanguageModel.load(file, device);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /**
     * Where {@code run} comes from.
     *
     * @throws IllegalArgumentException in one line, if that is not stored or damaged
     */
    static Provenance provenance(TrackingStore store, StoredRun run) throws IOException {
        Path file = Files.createTempFile("switchlab-provenance", ".json");
        try {
            store.download(run.id(), Provenance.ARTIFACT, file);
            return Provenance.ofJson(Files.readString(file), "run " + run.id());
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** All stored values of some metrics: metric, step, value. */
    static Map<String, SortedMap<Long, Double>> points(TrackingStore store, String runId, List<String> metrics) {
        Map<String, SortedMap<Long, Double>> points = new TreeMap<>();
        for (String metric : metrics) {
            SortedMap<Long, Double> values = new TreeMap<>();
            for (MetricPoint point : store.history(runId, metric)) {
                if (values.put(point.step(), point.value()) != null) {
                    throw new IllegalArgumentException("run " + runId + " has " + metric + " at step " + point.step()
                            + " twice; it cannot be compared");
                }
            }
            points.put(metric, values);
        }
        return points;
    }
}
