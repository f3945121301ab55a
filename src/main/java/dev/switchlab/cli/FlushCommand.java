package dev.switchlab.cli;

import dev.switchlab.runs.BookException;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.Mirrors;
import dev.switchlab.runs.mirror.TrackingUri;
import dev.switchlab.session.DeadRuns;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends what the server did not get. */
@Command(
        name = "flush",
        description = "Send to the MLflow server what runs of the book left behind while it was away.",
        footer = "With RUN also a run that was trained without a server.")
final class FlushCommand implements Runnable {

    @Mixin
    private BookOption books;

    @Option(
            names = "--run",
            paramLabel = "ID",
            description = "Only this run; default: all that were meant for the server.",
            defaultValue = "${env:SWITCHLAB_RUN:-}")
    private String run;

    @Override
    public void run() {
        try (MirroredBook store = books.open()) {
            Mirrors server = store.mirrors()
                    .orElseThrow(() -> new BookException("no server is named to send runs to; name it, e.g. "
                            + TrackingUri.VARIABLE + "=http://127.0.0.1:5000 make flush"));
            DeadRuns.end(store);
            List<Run> behind = run.isBlank() ? server.behind() : List.of(store.find(run.strip()));
            List<Run> sent = behind.stream()
                    .filter(candidate -> !DeadRuns.lives(store, candidate))
                    .toList();
            if (behind.isEmpty()) {
                System.out.println("nothing to send: " + server.uri() + " has everything that was meant for it");
            }
            behind.stream()
                    .filter(candidate -> !sent.contains(candidate))
                    .forEach(live -> System.out.println("run " + live.runId() + " goes on and sends by itself"));
            for (Run whole : sent) {
                server.flush(whole);
                System.out.println("sent: run " + whole.runId() + " is whole at " + server.uri());
            }
        }
    }
}
