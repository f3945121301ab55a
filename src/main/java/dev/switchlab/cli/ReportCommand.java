package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.analysis.RunComparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.Reports;
import dev.switchlab.session.StoredRun;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes a run's report, or one of several. */
@Command(
        name = "report",
        description = "Write a run's report, or the comparison of several: one HTML file that needs no network.",
        footer = "A finished training has its report already; this writes it again, or with another text.")
final class ReportCommand implements Callable<Integer> {

    /** More would make a name that no one reads. */
    private static final int NAMED = 4;

    @Mixin
    private RunOptions run;

    @Mixin
    private RunsOption runs;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BookOption books;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "The text whose routing is shown; default: the beginning of the run's validation split.",
            defaultValue = "${env:SWITCHLAB_PROMPT:-}")
    private String prompt;

    @Override
    public Integer call() throws IOException {
        if (!runs.names().isEmpty() && run.isGiven()) {
            throw new IllegalArgumentException(
                    "RUN and RUNS are both given, allowed: RUN for the report of one run, or RUNS to compare several,"
                            + " for example RUNS=\"1a2b3c4d 5e6f7a8b\"");
        }
        try (MirroredBook store = books.open()) {
            if (runs.names().isEmpty()) {
                report(store);
            } else {
                compare(store);
            }
        }
        return 0;
    }

    private void compare(MirroredBook store) throws IOException {
        RunComparison comparison = RunComparison.of(RunSource.of(store), runs.names());
        List<Run> compared = comparison.runs();
        String name = compared.size() <= NAMED
                ? compared.stream().map(Run::shortId).collect(Collectors.joining("-"))
                : compared.size() + "-runs";
        System.out.println("wrote " + new Reports(store).write(comparison, "compare-" + name));
    }

    private void report(MirroredBook store) throws IOException {
        Run found = run.find(store);
        StoredRun stored = new StoredRun(store, found);
        Reports reports = new Reports(store);
        if (RunComparison.isSummary(found)) {
            System.out.println("wrote " + reports.write(stored.children(), found));
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
