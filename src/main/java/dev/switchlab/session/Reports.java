package dev.switchlab.session;

import dev.switchlab.analysis.ExpertSimilarity;
import dev.switchlab.analysis.RoutingTrace;
import dev.switchlab.analysis.RoutingTracer;
import dev.switchlab.analysis.RunReport;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.data.TextData;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes reports of runs into the runs folder, and keeps them as artifacts of their run. */
public final class Reports {

    /** The artifact. */
    public static final String ARTIFACT = "report.html";

    /** Enough for stable shares of rare characters, and done in seconds. */
    private static final int TOKENS_TRACED = 20_000;

    private final TrackingStore store;
    private final Path folder;

    /**
     * @param runs the runs folder; reports are below it
     */
    public Reports(TrackingStore store, Path runs) {
        this.store = store;
        this.folder = runs.resolve("reports");
    }

    /** The folder of the files. */
    public Path folder() {
        return folder;
    }

    /** The beginning of the validation split: the text whose routing is shown if no other is asked for. */
    public static String text(LanguageModel model, TextData data) {
        int[] validation = data.split().validation();
        return model.tokenizer().decode(Arrays.copyOf(validation, Math.min(TOKENS_TRACED, validation.length)));
    }

    /**
     * Writes the report of a run that has ended, and keeps it with its run.
     *
     * @param model what the run trained
     * @param text whose routing is shown
     * @return the file
     */
    public Path write(StoredRun stored, LanguageModel model, String text) throws IOException {
        RoutingTrace trace = new RoutingTracer(model).trace(text);
        RunReport report = new RunReport(
                stored.run(),
                RunSource.of(store),
                trace,
                ExpertSimilarity.of(model.stateDict().weights()),
                stored.sample());
        Path file = folder.resolve(stored.run().runId() + ".html");
        report.write(file);
        store.upload(stored.run().runId(), ARTIFACT, file);
        return file;
    }
}
