package dev.switchlab.session;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.ComparisonReport;
import dev.switchlab.analysis.ExpertSimilarity;
import dev.switchlab.analysis.MlflowArtifacts;
import dev.switchlab.analysis.RunReport;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.data.TextData;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.RoutingTrace;
import dev.switchlab.train.TextRouter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Writes reports of runs into the runs folder, and keeps them as artifacts of their run.
 *
 * @param store the book whose folder reports are written to
 */
public record Reports(MirroredBook store) {

    /** The artifact's path in its run. */
    public static final String ARTIFACT = "report.html";

    private static final String FIGURES = "figures/";

    /** Enough for stable shares of rare characters, and traced within seconds. */
    private static final int TOKENS_TRACED = 20_000;

    /** The text whose routing is shown by default: the beginning of the validation split. */
    public static String text(LanguageModel model, TextData data) {
        int[] beginning =
                new int[Math.min(TOKENS_TRACED, data.split().validation().limit())];
        data.split().validation().get(0, beginning);
        return model.tokenizer().decode(beginning);
    }

    /**
     * Writes the report of a run that has ended, and keeps it with its run, together with its figures as
     * {@code figures/<name>.svg} and the {@link MlflowArtifacts}.
     *
     * @param model the run's trained model
     * @param text the text whose routing is shown
     * @return the file
     */
    public Path write(StoredRun stored, LanguageModel model, String text) throws IOException {
        RoutingTrace trace = new TextRouter(model).trace(text);
        RunReport report = new RunReport(
                stored.run(),
                RunSource.of(store),
                trace,
                ExpertSimilarity.of(model.stateDict().weights()),
                stored.sample());
        Path file = file(stored.run().runId() + ".html");
        Map<String, String> pictures = report.write(file);
        keep(stored.run().runId(), file, pictures);
        MlflowArtifacts shown = report.forMlflow();
        shown.files().forEach((path, bytes) -> store.book().keep(stored.run().runId(), path, bytes));
        store.book().tag(stored.run().runId(), shown.tags());
        return file;
    }

    /**
     * Writes the comparison of several runs, and its tables as CSV beside it.
     *
     * @param name of the file, without its ending
     */
    public Path write(Comparison comparison, String name) throws IOException {
        Path file = file(name + ".html");
        new ComparisonReport(comparison).write(file);
        return file;
    }

    /**
     * Writes the comparison of the runs that {@code parent} summarizes, and keeps it as the parent's report; its tables
     * are kept as {@code report-settings.csv} and so on.
     */
    public Path write(Comparison comparison, Run parent) throws IOException {
        Path file = file(parent.runId() + ".html");
        ComparisonReport report = new ComparisonReport(comparison, parent.title());
        keep(parent.runId(), file, report.write(file));
        report.csv().forEach((table, csv) -> store.book().keep(parent.runId(), "report-" + table + ".csv", csv));
        return file;
    }

    private Path file(String name) {
        return store.book().folder().resolve("reports").resolve(name);
    }

    private void keep(String runId, Path file, Map<String, String> pictures) {
        store.book().keep(runId, ARTIFACT, file);
        pictures.forEach((name, svg) -> store.book().keep(runId, FIGURES + name + ".svg", svg));
    }
}
