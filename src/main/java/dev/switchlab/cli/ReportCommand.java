package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.Reports;
import dev.switchlab.session.StoredRun;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes a run's report, or one of several. */
@Command(
        name = "report",
        description =
                "Write a run's report, a sweep's, or the comparison of several runs: one HTML file that needs no network.",
        footer = "A finished training has its report already; this writes it again, or with another text.")
final class ReportCommand implements Callable<Integer> {

    /** Of a file, in characters. */
    private static final int LONGEST_NAME = 80;

    @Mixin
    private RunOptions run;

    @Mixin
    private RunsOption runs;

    @Mixin
    private BaselineOption baseline;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BookOption books;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "The text whose routing is shown; default: the beginning of the run's validation split.",
            defaultValue = "")
    private String prompt;

    @Override
    public Integer call() throws IOException {
        if (runs.isGiven() && run.isGiven()) {
            throw new IllegalArgumentException(
                    "RUN and RUNS are both given, allowed: RUN for the report of one run, or RUNS to compare several,"
                            + " for example RUNS=\"1a2b3c4d 5e6f7a8b\"");
        }
        try (MirroredBook store = books.open()) {
            if (runs.isGiven()) {
                compare(store);
            } else {
                report(store);
            }
        }
        return 0;
    }

    private void compare(MirroredBook store) throws IOException {
        List<String> names = runs.names(store);
        Comparison comparison = Comparison.of(RunSource.of(store), names, baseline.text());
        String name = String.join("-", names).replaceAll("[^\\w.=-]+", "-");
        System.out.println("wrote "
                + new Reports(store)
                        .write(comparison, "compare-" + name.substring(0, Math.min(LONGEST_NAME, name.length())))
                + ", and its tables as CSV");
    }

    private void report(MirroredBook store) throws IOException {
        Run found = run.find(store);
        StoredRun stored = new StoredRun(store, found);
        Reports reports = new Reports(store);
        if (found.isSummary()) {
            System.out.println("wrote " + reports.write(stored.children(baseline.text()), found));
        } else {
            Device device = engine.start();
            try (LanguageModel model = stored.model(device)) {
                String text = prompt.isEmpty() ? Reports.text(model, stored.data(model)) : prompt;
                System.out.println("wrote " + reports.write(stored, model, text));
            }
        }
        store.update(found);
        System.out.println("kept as artifact " + Reports.ARTIFACT + " of run " + found.runId());
    }
}
