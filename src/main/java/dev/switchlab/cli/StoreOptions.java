package dev.switchlab.cli;

import dev.switchlab.tracking.TrackingOptions;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.tracking.TrackingUri;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which tracking store. */
final class StoreOptions {

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
        Optional<URI> server = uri.isBlank() ? Optional.empty() : Optional.of(TrackingUri.parse(uri.strip()));
        TrackingOptions options =
                TrackingOptions.of(System.getenv(), notice -> System.err.println("tracking: " + notice));
        return TrackingStore.open(server, runs, options);
    }

    /** The folder for what stays on this machine: checkpoints, and the embedded store. */
    Path folder() {
        return runs;
    }

    /** Where the store is, for people. */
    String location() {
        return uri.isBlank() ? runs.resolve("mlflow.db").toString() : uri.strip();
    }

    /** How to look at its runs, for people. */
    String howToLook() {
        return uri.isBlank() ? "cd " + runs + " && mlflow server, then http://127.0.0.1:5000" : uri.strip();
    }
}
