package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains one experiment. */
@Command(
        name = "train",
        description = "Train an experiment and log it to MLflow.",
        footer = "Ctrl-C ends the run after the step in progress and saves what was reached.")
final class TrainCommand implements Callable<Integer> {

    @Mixin
    private ExperimentOptions experiments;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BookOption books;

    @Option(
            names = "--seeds",
            paramLabel = "FROM..TO|N,N,...",
            description =
                    "Train once per seed, as child runs of one parent that gets mean and 95 % confidence interval.",
            defaultValue = "${env:SWITCHLAB_SEEDS:-}")
    private String seeds;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--dry-run",
            description = "Print the experiment with all its settings and stop.",
            defaultValue = "${env:SWITCHLAB_DRY_RUN:-false}")
    private boolean dryRun;

    @Override
    public Integer call() throws IOException {
        Experiment experiment = experiments.load();
        if (dryRun) {
            System.out.print(experiment.toYaml());
            return 0;
        }
        List<Long> repeats = seeds.isBlank() ? List.of() : Seeds.parse(seeds);
        TrainingInput input = TrainingInput.of(experiment, experiments.changes());
        Device device = engine.start();
        try (MirroredBook store = books.open()) {
            if (!repeats.isEmpty()) {
                return new SeedRepeats(input, device, store, books, this::command).run(repeats);
            }
            ConsoleView view = new ConsoleView(input, books, store);
            try (StopOnSignal stop = StopOnSignal.ofTraining()) {
                return view.ended(
                        new TrainingSession(input, device, store, view, stop).train(command(Map.of()), Map.of()));
            }
        }
    }

    private String command(Map<String, String> changes) {
        return Typed.command(spec.commandLine().getParent().getParseResult().originalArgs(), System.getenv(), changes);
    }
}
