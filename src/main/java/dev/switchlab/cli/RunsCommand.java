package dev.switchlab.cli;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.tracking.TrackedRun;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.tracking.UnsentRun;
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
    private StoreOptions tracking;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "At most so many (default: ${DEFAULT-VALUE}).",
            defaultValue = "50")
    private int limit;

    @Override
    public void run() {
        try (TrackingStore store = tracking.open()) {
            List<TrackedRun> runs = store.runs(Optional.empty(), limit);
            if (runs.isEmpty()) {
                System.out.println("no runs in " + tracking.location() + " yet; make one with: make train");
                return;
            }
            String row = "%-9s %-34s %-9s %-10s %8s %8s %8s%n";
            System.out.printf(row, "run", "name", "status", "age", "train", "valid", "final");
            Instant now = Instant.now();
            for (TrackedRun run : runs) {
                System.out.printf(
                        row,
                        run.runId().substring(0, 8),
                        run.name(),
                        run.status(),
                        ConsoleProgress.duration(
                                Duration.between(run.start(), now).toMillis() / 1e3),
                        loss(run, MetricNames.TRAIN_CROSS_ENTROPY),
                        loss(run, MetricNames.VALID + MetricNames.CROSS_ENTROPY),
                        loss(run, MetricNames.FINAL + MetricNames.CROSS_ENTROPY));
            }
            for (UnsentRun unsent : store.unsent()) {
                if (!unsent.isLive()) {
                    System.out.printf(
                            "%s was not sent wholly; send the rest with: make flush RUN=%s%n",
                            unsent.id(), unsent.id());
                }
            }
        }
    }

    private static String loss(TrackedRun run, String metric) {
        Double value = run.metrics().get(metric);
        return value == null ? "-" : String.format(Locale.ROOT, "%.3f", value);
    }
}
