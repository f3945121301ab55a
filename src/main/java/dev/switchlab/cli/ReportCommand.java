package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.session.Reports;
import dev.switchlab.session.StoredRun;
import dev.switchlab.tracking.TrackedRun;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes a run's report. */
@Command(name = "report", description = "Write a run's report: one HTML file that needs no network.")
final class ReportCommand implements Callable<Integer> {

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
            StoredRun stored = new StoredRun(store, run);
            try (LanguageModel model = stored.model(device)) {
                String text = prompt.isEmpty() ? Reports.text(model, stored.data(model)) : prompt;
                System.out.println("wrote " + new Reports(store, tracking.folder()).write(stored, model, text));
                System.out.println("kept as artifact " + Reports.ARTIFACT + " of run " + run.runId());
            }
        }
        return 0;
    }
}
