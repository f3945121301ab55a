package dev.switchlab.cli;

import dev.switchlab.tracking.TrackingStore;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which tracking store. */
final class TrackingOptions {

    @Option(
            names = "--tracking-uri",
            paramLabel = "URI",
            description = "An MLflow server, such as http://127.0.0.1:5000; without it the store in the runs folder.",
            defaultValue = "${env:MLFLOW_TRACKING_URI:-}")
    private String uri;

    @Option(
            names = "--runs",
            paramLabel = "FOLDER",
            description = "Where the embedded store keeps runs (default: ${DEFAULT-VALUE}).",
            defaultValue = "runs")
    private Path runs;

    /** Opens the store; to be closed. */
    TrackingStore open() {
        return TrackingStore.open(uri, runs);
    }

    /** The folder for what stays on this machine: checkpoints, and the embedded store. */
    Path folder() {
        return runs;
    }
}
