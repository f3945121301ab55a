package dev.switchlab.cli;

import dev.switchlab.runs.BookException;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.Mirrors;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.session.StoredRun;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends what the server did not get. */
@Command(
        name = "flush",
        description = "Send to the MLflow server what runs of the book left behind while it was away.",
        footer = "With RUN also a run that was trained without a server.")
final class FlushCommand implements Callable<Integer> {

    @Mixin
    private BookOption books;

    @Option(
            names = "--run",
            paramLabel = "ID",
            description = "Only this run; default: all that were meant for the server.",
            defaultValue = "")
    private String run;

    @Override
    public Integer call() {
        try (MirroredBook store = books.open()) {
            Mirrors server = store.mirrors()
                    .orElseThrow(() -> new BookException("no server is named to send runs to; name it, e.g. "
                            + MlflowEnvironment.TRACKING_URI + "=http://127.0.0.1:5000 make flush"));
            StoredRun.failDead(store);
            List<Run> behind = run.isBlank() ? server.behind() : List.of(store.find(run.strip()));
            List<Run> sent = behind.stream()
                    .filter(candidate -> !new StoredRun(store, candidate).isAlive())
                    .toList();
            if (behind.isEmpty()) {
                System.out.println("nothing to send: " + server.uri() + " has everything that was meant for it");
            }
            behind.stream()
                    .filter(candidate -> !sent.contains(candidate))
                    .forEach(live -> System.out.println("run " + live.runId() + " goes on and sends by itself"));
            boolean allSent = true;
            for (Run candidate : sent) {
                allSent &= send(server, candidate);
            }
            return allSent ? 0 : 1;
        }
    }

    /** A run that the server does not take keeps no other from being sent. */
    private static boolean send(Mirrors server, Run run) {
        try {
            boolean whole = server.flush(run);
            System.out.println("sent: run " + run.runId()
                    + (whole ? " is whole at " : ", which has not ended, as far as it goes, to ") + server.uri());
            return true;
        } catch (BookException e) {
            System.err.println("switchlab: " + e.getMessage());
            return false;
        }
    }
}
