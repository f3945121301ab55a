package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
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
            defaultValue = "${env:SWITCHLAB_CORPUS:-}")
    private String corpus;

    @Override
    public void run() {
        Device device = engine.start();
        try (MirroredBook store = books.open()) {
            Run run = runs.find(store);
            try (LanguageModel model = new StoredRun(store, run).model(device)) {
                evaluate(model, run);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    private void evaluate(LanguageModel model, Run run) {
        String name = corpus.isBlank() ? run.params().get("corpus.name") : corpus;
        Experiment experiment = model.experiment();
        TextData data = TextData.of(
                CorpusStore.create().open(name, Experiment.NO_FALLBACK).corpus(), model.tokenizer(), experiment);
        Evaluation score = new Evaluator(model)
                .evaluate(data.validation(experiment), experiment.train().steps());
        System.out.printf("run         %s (%s)%n", run.runId(), run.name());
        System.out.printf(
                Locale.ROOT,
                "corpus      %s, %,d characters of its validation split%n",
                data.corpus().name(),
                score.tokens());
        System.out.printf(
                Locale.ROOT,
                "validation  %.4f nats per character (%.4f bits), %.2f %% right%n",
                score.crossEntropy(),
                score.bitsPerChar(),
                100 * score.accuracy());
    }
}
