package dev.switchlab.cli;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.Durations;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists runs. */
@Command(name = "runs", description = "List the runs, the newest first.")
final class RunsCommand implements Runnable {

    @Mixin
    private BookOption books;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "At most so many (default: ${DEFAULT-VALUE}).",
            defaultValue = "50")
    private int limit;

    @Override
    public void run() {
        try (MirroredBook store = books.open()) {
            List<Run> runs = store.book().runs(Optional.empty(), limit);
            if (runs.isEmpty()) {
                System.out.println("no runs in " + books.folder() + " yet; make one with: make train");
                return;
            }
            String row = "%-9s %-34s %-9s %-10s %8s %8s %8s%n";
            System.out.printf(row, "run", "name", "status", "age", "train", "valid", "final");
            Instant now = Instant.now();
            for (Run run : runs) {
                System.out.printf(
                        row,
                        run.shortId(),
                        run.name(),
                        run.status(),
                        Durations.text(Duration.between(run.start(), now).toMillis() / 1e3),
                        loss(run, MetricNames.TRAIN_CROSS_ENTROPY),
                        loss(run, MetricNames.VALID + MetricNames.CROSS_ENTROPY),
                        loss(run, MetricNames.FINAL + MetricNames.CROSS_ENTROPY));
            }
            store.mirrors().ifPresent(server -> {
                int behind = server.behind().size();
                if (behind > 0) {
                    System.out.printf(
                            "%s lacks parts of %d of them; send them with: make flush%n", server.uri(), behind);
                }
            });
        }
    }

    private static String loss(Run run, String metric) {
        Double value = run.metrics().get(metric);
        return value == null ? "-" : String.format(Locale.ROOT, "%.3f", value);
    }
}
