package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.tracking.StoredRun;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
