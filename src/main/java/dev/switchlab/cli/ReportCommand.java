package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.analysis.ExpertSimilarity;
import dev.switchlab.analysis.RoutingTrace;
import dev.switchlab.analysis.RoutingTracer;
import dev.switchlab.analysis.RunReport;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.tracking.TrackedRun;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes a run's report. */
@Command(name = "report", description = "Write a run's report: one HTML file that needs no network.")
final class ReportCommand implements Callable<Integer> {

    /** Enough for stable shares of rare characters, and done in seconds. */
    private static final int TOKENS_TRACED = 20_000;

    private static final String ARTIFACT = "report.html";

    @Mixin
    private RunOptions runs;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private StoreOptions tracking;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "The text whose routing is shown; default: the beginning of the run's validation split.",
            defaultValue = "${env:SWITCHLAB_PROMPT:-}")
    private String prompt;

    @Override
    public Integer call() throws IOException {
        Device device = engine.start();
        try (TrackingStore store = tracking.open()) {
            TrackedRun run = runs.find(store);
            try (LanguageModel model = RunOptions.model(store, run, device)) {
                RoutingTrace trace =
                        new RoutingTracer(model).trace(prompt.isEmpty() ? validationText(model, run) : prompt);
                RunReport report = new RunReport(
                        run,
                        RunSource.of(store),
                        trace,
                        ExpertSimilarity.of(model.stateDict().weights()),
                        sample(store, run));
                Path file = tracking.folder().resolve("reports").resolve(run.runId() + ".html");
                report.write(file);
                System.out.println("wrote " + file);
                store.upload(run.runId(), ARTIFACT, file);
                System.out.println("kept as artifact " + ARTIFACT + " of run " + run.runId());
            }
        }
        return 0;
    }

    private static String validationText(LanguageModel model, TrackedRun run) throws IOException {
        String corpus =
                run.params().getOrDefault("corpus.name", model.experiment().corpus());
        TextData data = TextData.of(
                CorpusStore.create().open(corpus, Experiment.NO_FALLBACK).corpus(),
                model.tokenizer(),
                model.experiment());
        int[] validation = data.split().validation();
        return model.tokenizer().decode(Arrays.copyOf(validation, Math.min(TOKENS_TRACED, validation.length)));
    }

    /** The last text that the run wrote while training. */
    private static Optional<String> sample(TrackingStore store, TrackedRun run) throws IOException {
        Optional<String> newest = store.artifacts(run.runId()).stream()
                .filter(path -> path.matches("samples/.*\\.txt"))
                .max(Comparator.naturalOrder());
        if (newest.isEmpty()) {
            return Optional.empty();
        }
        Path file = Files.createTempFile("switchlab-sample", ".txt");
        try {
            store.download(run.runId(), newest.get(), file);
            return Optional.of(Files.readString(file));
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
