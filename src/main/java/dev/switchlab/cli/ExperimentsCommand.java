package dev.switchlab.cli;

import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.experiment.ExperimentSummary;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists the experiment files. */
@Command(name = "experiments", description = "List the experiments.")
final class ExperimentsCommand implements Runnable {

    @Option(
            names = "--experiments",
            paramLabel = "FOLDER",
            description = "Where experiment files are (default: ${DEFAULT-VALUE}).",
            defaultValue = "experiments")
    private Path folder;

    @Override
    public void run() {
        for (ExperimentSummary summary : ExperimentLoader.list(folder)) {
            System.out.printf("%-20s %s%n", summary.id(), summary.about());
        }
    }
}
