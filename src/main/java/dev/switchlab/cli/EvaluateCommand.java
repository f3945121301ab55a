package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Experiment.Validation;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.StoredRun;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.Evaluator;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Scores a trained model. */
@Command(name = "evaluate", description = "Score the model of a run on a whole validation split.")
final class EvaluateCommand implements Runnable {

    @Mixin
    private RunOptions runs;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BookOption books;

    @Option(
            names = "--corpus",
            paramLabel = "NAME|FILE",
            description = "Score another corpus; default: the one that the run trained on.",
            defaultValue = "")
    private String corpus;

    @Option(
            names = "--stride",
            paramLabel = "N",
            description =
                    "Score by windows that overlap: each counts its last N characters, and those before are context. The"
                            + " result is kept with the run as evaluate/strideN/*; final/* stays. Default: windows side by side.")
    private Integer stride;

    @Override
    public void run() {
        Device device = engine.start();
        try (MirroredBook store = books.open()) {
            StoredRun run = new StoredRun(store, runs.find(store));
            try (LanguageModel model = run.model(device)) {
                evaluate(model, run);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    private void evaluate(LanguageModel model, StoredRun stored) {
        Run run = stored.run();
        String name = corpus.isBlank() ? run.params().get("corpus.name") : corpus;
        Experiment experiment = model.experiment();
        int steps = experiment.train().steps();
        TextData data = TextData.of(
                CorpusStore.create().open(name, Experiment.NO_FALLBACK).corpus(), model.tokenizer(), experiment);
        Evaluator evaluator = new Evaluator(model);
        Evaluation score = stride == null
                ? evaluator.evaluate(data.validation(experiment), steps)
                : evaluator.evaluateScored(data.validation(experiment, stride), steps);
        System.out.printf("run         %s (%s)%n", run.runId(), run.name());
        System.out.printf(
                Locale.ROOT,
                "corpus      %s, %,d characters of its validation split%s%n",
                data.corpus().name(),
                score.tokens(),
                experiment.validation() == Validation.HELD_OUT ? ", held out of the training text" : "");
        System.out.printf(
                Locale.ROOT,
                "%-10s  %.4f nats per character (%.4f bits), %.2f %% right%n",
                stride == null ? "validation" : "stride " + stride,
                score.crossEntropy(),
                score.bitsPerChar(),
                100 * score.accuracy());
        if (stride != null) {
            System.out.printf(
                    "context     at least %d characters before each, after the first %d%n",
                    experiment.train().seqLen() - stride, experiment.train().seqLen());
        }
        if (stride != null && corpus.isBlank()) {
            stored.keepStrided(score, stride, steps);
            System.out.printf("kept as     %s%n", MetricNames.strided(stride) + MetricNames.CROSS_ENTROPY);
        }
    }
}
