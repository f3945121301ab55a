package dev.switchlab.runs.mirror;

import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.Run;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The server that a book is mirrored to. The door of this package: it copies runs to the server, and fetches those that
 * only the server has.
 */
public final class Mirrors {
    private final Book book;
    private final URI uri;
    private final Credentials credentials;
    private final MirrorTiming timing;
    private final Consumer<String> notices;

    /**
     * @param uri without a slash at its end
     * @param notices takes one-line messages for the user
     */
    public Mirrors(Book book, URI uri, Credentials credentials, MirrorTiming timing, Consumer<String> notices) {
        this.book = book;
        this.uri = uri;
        this.credentials = credentials;
        this.timing = timing;
        this.notices = notices;
    }

    /** The server's address. */
    public URI uri() {
        return uri;
    }

    private MlflowServer server() {
        return MlflowServer.at(uri, credentials, timing.call());
    }

    /** Copies a run while it goes on, and what earlier runs left behind while the server was away. To be closed. */
    public Mirror follow(String runId) {
        Run run = book.byId(runId).orElseThrow(() -> new BookException("there is no run " + runId));
        MirrorState known = MirrorState.of(run, uri).orElse(MirrorState.NOTHING);
        List<String> behind = behind().stream()
                .filter(other -> !other.status().equals("RUNNING"))
                .map(Run::runId)
                .toList();
        new MirrorState(known.runId(), known.experimentId(), false, known.time()).keep(book, runId, uri);
        return Mirror.start(book, runId, behind, server(), timing, notices);
    }

    /** Says that a run of the book is the server's run of that id. */
    public void adopt(String runId, String serverRunId) {
        new MirrorState(Optional.of(serverRunId), Optional.empty(), false, 0).keep(book, runId, uri);
    }

    /** Runs that were meant for the server, and of which it does not have everything; the oldest first. */
    public List<Run> behind() {
        return book.tagged(MirrorState.tag(uri)).stream()
                .filter(run -> !MirrorState.of(run, uri).orElseThrow().whole())
                .toList();
    }

    /** Where MLflow's UI shows a run, if the server is known to have it. */
    public Optional<String> address(Run run) {
        return MirrorState.of(run, uri)
                .flatMap(state -> state.experimentId()
                        .map(experiment -> uri + "/#/experiments/" + experiment + "/runs/"
                                + state.runId().orElseThrow()));
    }

    /**
     * Copies a run now, as far as it goes.
     *
     * @return whether the run has ended, so that the server has all of it
     * @throws BookException in one line, if the server does not take it
     */
    public boolean flush(Run run) {
        try (MlflowServer server = server()) {
            RunCopy copy = new RunCopy(book, run.runId(), server, notices, bytes -> {});
            try {
                boolean whole = copy.pass();
                copy.keep(whole);
                return whole;
            } catch (ServerException | IOException e) {
                throw new BookException(
                        "run " + run.runId() + ": MLflow server " + uri + ": " + e.getMessage()
                                + "; everything is in the book, try again when the server is back",
                        e);
            }
        }
    }

    /**
     * Brings a run into the book that only the server has.
     *
     * @param text its id, the beginning of it, or its name
     * @return empty if the server has no such run
     * @throws BookException in one line, if the server cannot be read
     */
    public Optional<Run> fetch(String text) {
        try (MlflowServer server = server()) {
            return new Fetch(book, server, notices).run(text);
        } catch (ServerException | IOException e) {
            throw new BookException("MLflow server " + uri + ": " + e.getMessage(), e);
        }
    }
}
