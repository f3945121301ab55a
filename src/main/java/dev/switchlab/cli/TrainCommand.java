package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.sweep.SweepSpec.Grid;
import dev.switchlab.sweep.SweepSpec;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains one experiment. */
@Command(
        name = "train",
        description = "Train an experiment and log it to MLflow.",
        footer = "Ctrl-C ends the run after the step in progress and saves what was reached.")
final class TrainCommand implements Callable<Integer> {

    @Mixin
    private ExperimentOptions experiments;

    @Mixin
    private TrainingOptions training;

    @Mixin
    private SweepFlags sweeps;

    @Option(
            names = "--seeds",
            paramLabel = "FROM..TO|N,N,...",
            description =
                    "Train once per seed, as child runs of one parent that gets mean and 95 % confidence interval: the smallest sweep.",
            defaultValue = "")
    private String seeds;

    @Option(
            names = "--dry-run",
            description = "Print the experiment with all its settings, or with SEEDS the runs, and stop.")
    private boolean dryRun;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Optional<Integer> followed = training.ranks().join();
        if (followed.isPresent()) {
            return followed.get();
        }
        if (!seeds.isBlank()) {
            training.ranks().requireOne("SEEDS");
            return sweeps.run(smallest(), experiments, training, dryRun);
        }
        Experiment experiment = experiments.load();
        if (dryRun) {
            System.out.print(experiment.toYaml());
            return 0;
        }
        int ranks = training.ranks().toLaunch(experiment);
        if (ranks > 0) {
            return training.launch(ranks);
        }
        TrainingInput input = training.asked(TrainingInput.of(experiment, experiments.changes()));
        Device device = training.start();
        try (MirroredBook store = training.open()) {
            return TrainingOptions.exitCode(
                    training.train(input, device, store, session -> session.train(training.typed(Map.of()), Map.of())));
        }
    }

    /** One experiment with several seeds. */
    private SweepSpec smallest() {
        return SweepSpec.of(
                experiments.several(),
                experiments.changesWithoutSeed(),
                Grid.NONE,
                SweepSpec.parseSeeds(seeds));
    }
}
