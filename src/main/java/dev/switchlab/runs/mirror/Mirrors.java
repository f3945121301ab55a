package dev.switchlab.runs.mirror;

import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.BookRun;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunCopy;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.mlflow.api.proto.Service;

/**
 * The server that a book is mirrored to. The door of this package: it copies runs to the server, and fetches those that
 * only the server has.
 */
public final class Mirrors {
    private final Book book;
    private final URI uri;
    private final Credentials credentials;
    private final Mirror.Timing timing;
    private final Consumer<String> notices;

    /**
     * @param uri without a slash at its end
     * @param notices takes one-line messages for the user
     */
    public Mirrors(Book book, URI uri, Credentials credentials, Mirror.Timing timing, Consumer<String> notices) {
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
        return new Mirror(book, runId, behind, server(), timing, notices);
    }

    /** Notes that a run of the book is the server's run of that id. */
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
            return Mirror.copyOnce(book, run.runId(), server, notices, bytes -> {});
        } catch (IOException e) {
            throw new BookException(
                    "run " + run.runId() + ": MLflow server " + uri + ": " + e.getMessage()
                            + "; everything is in the book, try again when the server is back",
                    e);
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
            List<Service.Run> found =
                    text.matches("[0-9a-f]{32}") ? server.run(text).stream().toList() : server.runsCalled(text);
            if (found.size() > 1) {
                throw new BookException(
                        "run '" + text + "' is the beginning of several ids, or the name of several runs, at "
                                + uri + ": "
                                + String.join(
                                        ", ",
                                        found.stream()
                                                .map(run -> run.getInfo().getRunId())
                                                .toList())
                                + "; give more of the id");
            }
            if (found.isEmpty()) {
                return Optional.empty();
            }
            Optional<Run> ours = ours(found.get(0));
            return ours.isPresent() ? ours : fetch(server, found.get(0));
        } catch (IOException e) {
            throw new BookException("MLflow server " + uri + ": " + e.getMessage(), e);
        }
    }

    /** The book's run that was sent to be the server's. */
    private Optional<Run> ours(Service.Run run) {
        return run.getData().getTagsList().stream()
                .filter(tag -> tag.getKey().equals(ServerRuns.KEY_TAG))
                .findFirst()
                .flatMap(tag -> book.byId(tag.getValue()));
    }

    /** Brings the runs that it sums up first: a run is in the book when its row is, and then it is whole. */
    private Optional<Run> fetch(MlflowServer server, Service.Run run) throws IOException {
        Service.RunInfo info = run.getInfo();
        String id = info.getRunId();
        if (!id.matches("[0-9a-f]{32}")) {
            throw new ServerException(Kind.UNUSABLE, "its run '" + id + "' has an id that is not MLflow's");
        }
        boolean sumsUp = run.getData().getTagsList().stream()
                .anyMatch(tag -> tag.getKey().equals(RunInfo.SUMMARY_TAG));
        for (Service.Run child : sumsUp ? server.children(id) : List.<Service.Run>of()) {
            if (ours(child).isEmpty() && !isWhole(child)) {
                fetch(server, child);
            }
        }
        notices.accept("fetching run " + id + " from " + uri + " into the book ...");
        RunCopy copy = new RunCopy(new ServerReader(server, run), new BookRun(book, id), notices);
        if (copy.copy() != RunCopy.Change.LEFT) {
            new MirrorState(Optional.of(id), Optional.of(info.getExperimentId()), true, System.currentTimeMillis())
                    .keep(book, id, uri);
        }
        return book.byId(id);
    }

    /** Whether the run was fetched already, after its end. */
    private boolean isWhole(Service.Run run) {
        return book.byId(run.getInfo().getRunId())
                .filter(there -> !there.status().equals("RUNNING"))
                .isPresent();
    }
}
