package dev.switchlab.cli;

import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.tracking.UnsentRun;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends what the server did not get. */
@Command(name = "flush", description = "Send to the MLflow server what runs left behind while it was away.")
final class FlushCommand implements Runnable {

    @Mixin
    private StoreOptions tracking;

    @Option(
            names = "--run",
            paramLabel = "ID",
            description = "Only this run; default: all.",
            defaultValue = "${env:SWITCHLAB_RUN:-}")
    private String run;

    @Override
    public void run() {
        try (TrackingStore store = tracking.open()) {
            List<String> ids = run.isBlank()
                    ? store.unsent().stream()
                            .filter(r -> !r.isLive())
                            .map(UnsentRun::id)
                            .toList()
                    : List.of(run.strip());
            if (ids.isEmpty()) {
                System.out.println("nothing to send: " + tracking.location() + " has everything");
            }
            for (String id : ids) {
                System.out.println("sent: run " + store.flush(id) + " is whole in " + tracking.location());
            }
        }
    }
}
