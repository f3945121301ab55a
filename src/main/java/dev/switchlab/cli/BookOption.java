package dev.switchlab.cli;

import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which book of runs, and which server it is mirrored to. */
final class BookOption {

    /** Where {@code mlflow server} listens if nothing else is said. */
    private static final String LOCAL = "http://127.0.0.1:5000";

    @Option(
            names = "--tracking-uri",
            paramLabel = "URI",
            description =
                    "An MLflow server to mirror runs to, such as " + LOCAL + "; MLFLOW_TRACKING_URI names it, too.",
            defaultValue = "")
    private String uri;

    @Option(
            names = "--runs",
            paramLabel = "FOLDER",
            description = "The folder of the book of runs (default: ${DEFAULT-VALUE}).",
            defaultValue = "runs")
    private Path runs;

    /** Opens the book; to be closed. */
    MirroredBook open() {
        Map<String, String> environment = new HashMap<>(System.getenv());
        if (!uri.isBlank()) {
            environment.put(MlflowEnvironment.TRACKING_URI, uri);
        }
        return MirroredBook.open(
                runs,
                MlflowEnvironment.of(environment),
                notice -> System.err.println("tracking: " + notice));
    }

    /** Where a run is, for people. */
    String location(MirroredBook store) {
        return runs.resolve("mlflow.db")
                + store.mirrors().map(server -> ", mirrored to " + server.uri()).orElse("");
    }

    /** How to look at a run in MLflow's UI, for people. */
    String howToLook(MirroredBook store, Run run) {
        Optional<String> there = store.mirrors().flatMap(server -> server.address(run));
        return there.orElse("cd " + runs + " && mlflow server, then " + address(run));
    }

    /** The address of a run of the book, served as {@code make ui} says. */
    static String address(Run run) {
        return LOCAL + "/#/experiments/" + run.experimentId() + "/runs/" + run.runId();
    }

    /** The folder itself, for people. */
    Path folder() {
        return runs;
    }
}
