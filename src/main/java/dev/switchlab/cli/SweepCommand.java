package dev.switchlab.cli;

import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.sweep.SweepSpec.Grid;
import dev.switchlab.sweep.SweepFile;
import dev.switchlab.sweep.SweepSpec;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains many runs as one thing. */
@Command(
        name = "sweep",
        description =
                "Train the product of experiments, a grid of settings and seeds; the same call again runs what is missing.",
        footer =
                "Ctrl-C ends all runs after the step in progress and saves what was reached; once more ends them at once.")
final class SweepCommand implements Callable<Integer> {

    @Mixin
    private ExperimentOptions experiments;

    @Mixin
    private TrainingOptions training;

    @Mixin
    private SweepFlags sweeps;

    @Option(
            names = "--sweep",
            paramLabel = "ID",
            description = "A file of experiments/sweeps/ without .yaml, or a path, instead of EXPERIMENT and GRID.",
            defaultValue = "")
    private String sweep;

    @Option(
            names = "--grid",
            paramLabel = "KEY=VALUE,VALUE ...",
            description =
                    "Settings to sweep, such as \"model.n_experts=1,2,4 train.z_loss=0,0.001\": all combinations.",
            defaultValue = "")
    private String grid;

    @Option(
            names = "--seeds",
            paramLabel = "FROM..TO|N,N,...",
            description = "One run per setting and seed (default: 1, or what the sweep's file says).",
            defaultValue = "")
    private String seeds;

    @Option(
            names = "--dry-run",
            description = "Print every run, and the time it may take, and stop.")
    private boolean dryRun;

    @Override
    public Integer call() throws IOException, InterruptedException {
        return sweeps.run(sweep.isBlank() ? typed() : file(), experiments, training, dryRun);
    }

    private SweepSpec typed() {
        return SweepSpec.of(
                experiments.several(), experiments.changesWithoutSeed(), Grid.parse(grid), seeds(List.of(1L)));
    }

    /** What the file says, with other seeds if they were given, and with what SET changes in all runs. */
    private SweepSpec file() {
        if (experiments.isGiven() || !grid.isBlank()) {
            throw new ExperimentException(
                    "SWEEP=" + sweep + " names its experiments and its grid itself, allowed beside it: SEEDS, SET,"
                            + " CORPUS; leave out EXPERIMENT and GRID");
        }
        SweepSpec file = SweepFile.read(sweep.strip(), experiments.folder());
        return file.withSet(experiments.changesWithoutSeed()).withSeeds(seeds(file.seeds()));
    }

    private List<Long> seeds(List<Long> otherwise) {
        if (!seeds.isBlank()) {
            return SweepSpec.parseSeeds(seeds);
        }
        return experiments.seed().map(SweepSpec::parseSeeds).orElse(otherwise);
    }
}
