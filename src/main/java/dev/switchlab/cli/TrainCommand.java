package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.OpenedCorpus;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import java.io.IOException;
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
    private EngineOptions engine;

    @Mixin
    private StoreOptions tracking;

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
        OpenedCorpus opened = CorpusStore.create().open(experiment);
        opened.fallbackReason().ifPresent(reason -> System.err.println("WARNING: " + reason));
        TextData data = TextData.of(opened.corpus(), experiment);
        data.tokenizer().encode(experiment.train().samplePrompt()); // fails now rather than after training
        Device device = engine.start();
        TrainingSession session =
                new TrainingSession(experiment, data, opened.fallbackReason(), device, engine.threads(), tracking);
        return switch (session.run().status()) {
            case FINISHED -> 0;
            case KILLED -> 130;
            case FAILED -> 1;
        };
    }
}
