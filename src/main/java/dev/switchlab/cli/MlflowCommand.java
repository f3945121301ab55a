package dev.switchlab.cli;

import dev.switchlab.tracking.store.StoreConfig;
import dev.switchlab.tracking.store.TrackingServer;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Serves the embedded store. */
@Command(
        name = "mlflow",
        description =
                "Serve the runs folder to several trainings and to MLflow clients (REST only; the UI is MLflow's own).",
        footer = "Ctrl-C ends it.")
final class MlflowCommand implements Runnable {

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "Port on loopback (default: ${DEFAULT-VALUE}).",
            defaultValue = "${env:SWITCHLAB_PORT:-5000}")
    private int port;

    @Option(
            names = "--runs",
            paramLabel = "FOLDER",
            description = "The store (default: ${DEFAULT-VALUE}).",
            defaultValue = "runs")
    private Path runs;

    @Override
    public void run() {
        try (StopOnSignal stop = new StopOnSignal("stopping: requests under way are answered ...");
                TrackingServer server =
                        TrackingServer.start(StoreConfig.of(runs).withPort(port))) {
            System.out.println("serving " + runs + " at " + server.uri() + " (Ctrl-C ends it)");
            System.out.println("train into it:  MLFLOW_TRACKING_URI=" + server.uri() + " make train");
            stop.await();
        }
    }
}
