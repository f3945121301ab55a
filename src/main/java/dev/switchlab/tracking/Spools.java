package dev.switchlab.tracking;

import dev.switchlab.tracking.ServerException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The spools of a runs folder: begins those of new runs, sends those of runs that could not send everything. */
final class Spools {
    /** Stands for the embedded server, whose address is another one each time. */
    static final String EMBEDDED = "embedded";

    private final Path runsFolder;
    private final String place;
    private final TrackingOptions options;
    private final Supplier<Server> servers;

    /**
     * @param place address of the server, or {@link #EMBEDDED}
     * @param servers gives each spool clients of its own
     */
    Spools(Path runsFolder, String place, TrackingOptions options, Supplier<Server> servers) {
        this.place = place;
        this.runsFolder = runsFolder;
        this.options = options;
        this.servers = servers;
    }

    /**
     * Begins a spool and the sending of it.
     *
     * @param name of its folder
     */
    MlflowRunLog begin(String name, Event.Start start, Spool.Sent sent, Stored stored) {
        try {
            Spool spool = Spool.create(runsFolder, name, start);
            if (!sent.equals(Spool.Sent.NOTHING)) {
                spool.save(sent);
            }
            Sending sending = sending(spool);
            Thread thread = new Thread(sending, "run-log-sender");
            thread.start();
            String id = awaitServer(spool, sending, thread);
            return new MlflowRunLog(id, spool, sending, thread, options, stored);
        } catch (IOException e) {
            throw new TrackingException("cannot write to " + Spool.parent(runsFolder) + ": " + e.getMessage(), e);
        }
    }

    private Sending sending(Spool spool) throws IOException {
        Server server = servers.get();
        Leftovers leftovers = new Leftovers(runsFolder, options.notices());
        return new Sending(new Sender(spool, server, leftovers, options), spool, server, options, leftovers);
    }

    /**
     * Waits for the first answer, which tells a server that is away from one that cannot be used.
     *
     * @return the server's id of the run, or our own
     */
    private String awaitServer(Spool spool, Sending sending, Thread thread) throws IOException {
        String reason;
        try {
            sending.firstAnswer().get(options.timing().start().toMillis(), TimeUnit.MILLISECONDS);
            return spool.label();
        } catch (ExecutionException e) {
            ServerException failure = (ServerException) e.getCause();
            if (failure.kind() != Kind.PASSING) {
                stop(thread);
                spool.delete();
                throw new TrackingException(
                        "MLflow server " + sending.serverUri() + ": " + failure.getMessage(), failure);
            }
            reason = failure.getMessage();
        } catch (TimeoutException e) {
            reason = "no answer within " + options.timing().start().toMillis() / 1000.0 + " s";
        } catch (InterruptedException e) {
            stop(thread);
            spool.delete();
            Thread.currentThread().interrupt();
            throw new TrackingException("interrupted while starting a run", e);
        }
        String id = spool.label();
        options.notices()
                .accept("MLflow server " + sending.serverUri() + ": " + reason + "; training goes on, run " + id
                        + " is kept in " + spool.folder()
                        + " and sent when the server is back, or later with: make flush"
                        + " RUN=" + id);
        return id;
    }

    private static void stop(Thread thread) {
        thread.interrupt();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A name for another spool of a run. */
    String freeName(String key) {
        int number = 2;
        while (Files.exists(Spool.parent(runsFolder).resolve(key + "-" + number))) {
            number++;
        }
        return key + "-" + number;
    }

    List<UnsentRun> unsent() {
        return folders().stream().map(Spools::describe).toList();
    }

    private static UnsentRun describe(Path folder) {
        try {
            String runId = Spool.readSent(folder).runId();
            String id = runId.isEmpty() ? folder.getFileName().toString() : runId;
            return new UnsentRun(id, folder, Spool.isOpen(folder));
        } catch (IOException e) {
            throw new TrackingException("cannot read " + folder + ": " + e.getMessage(), e);
        }
    }

    private List<Path> folders() {
        Path parent = Spool.parent(runsFolder);
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(parent)) {
            return all.filter(Files::isDirectory).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw new TrackingException("cannot read " + parent + ": " + e.getMessage(), e);
        }
    }

    private List<Path> foldersOf(String idOrPrefix) {
        return folders().stream()
                .filter(folder -> folder.getFileName().toString().startsWith(idOrPrefix)
                        || describe(folder).id().startsWith(idOrPrefix))
                .toList();
    }

    /** Sends all that a run left behind and ends it; returns the server's id of it. */
    String flush(String idOrPrefix) {
        List<Path> found = idOrPrefix.isBlank() ? List.of() : foldersOf(idOrPrefix);
        if (found.isEmpty()) {
            throw new TrackingException("run '" + idOrPrefix + "': nothing unsent of it is in "
                    + Spool.parent(runsFolder) + "; unsent are: " + names(folders()));
        }
        if (found.stream().map(folder -> describe(folder).id()).distinct().count() > 1) {
            throw new TrackingException(
                    "run '" + idOrPrefix + "': several begin so: " + names(found) + "; give more of the id");
        }
        String runId = "";
        for (Path folder : found) {
            runId = send(folder, true);
        }
        return runId;
    }

    private static String names(List<Path> folders) {
        return folders.isEmpty()
                ? "none"
                : String.join(
                        ", ",
                        folders.stream().map(folder -> describe(folder).id()).toList());
    }

    /** Sends what a run left behind, if anything, but does not end it. */
    void sendLeftBehind(String runId) {
        for (Path folder : foldersOf(runId)) {
            send(folder, false);
        }
    }

    /** Flushing without MLFLOW_TRACKING_URI must not create a run in the runs folder that was meant for a server, nor the reverse. */
    private void requireSameKindOfStore(Spool spool, String id) {
        String startedFor = spool.start().server();
        if (place.equals(startedFor)) {
            return;
        }
        if (startedFor.equals(EMBEDDED)) {
            throw new TrackingException("run " + id
                    + ": was started in the store in the runs folder; send it there: unset " + TrackingUri.VARIABLE);
        }
        if (place.equals(EMBEDDED)) {
            throw new TrackingException("run " + id + ": was started for " + startedFor + "; send it there: "
                    + TrackingUri.VARIABLE + "=" + startedFor + " make flush RUN=" + id);
        }
    }

    private String send(Path folder, boolean endsRun) {
        String id = describe(folder).id();
        try {
            Spool spool = Spool.open(folder)
                    .orElseThrow(() -> new TrackingException(
                            "run " + id + ": its process is still running, and sends what it logs by itself"));
            try (spool) {
                requireSameKindOfStore(spool, id);
                if (endsRun && !spool.isFinished()) {
                    // Its process died; the server still shows it as running.
                    spool.journal().append(List.of(new Event.Finish(RunStatus.FAILED, spool.lastTime())));
                }
                Sending sending = sending(spool);
                Duration patience = options.timing().start();
                sending.complete(patience);
                sending.run();
                if (!sending.isDrained()) {
                    throw new TrackingException("run " + id + ": MLflow server "
                            + sending.serverUri() + ": " + sending.lastFailure() + "; the data stays in " + folder
                            + " (the run was started for " + spool.start().server() + ")");
                }
                String runId = spool.label();
                sending.tidy();
                return runId;
            }
        } catch (IOException e) {
            throw new TrackingException("cannot read or write " + folder + ": " + e.getMessage(), e);
        }
    }
}
