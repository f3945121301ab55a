package dev.switchlab.runs.mirror;

import com.google.common.collect.Comparators;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.BookMerge;
import dev.switchlab.runs.BookRun;
import dev.switchlab.runs.Keys;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunCopy;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.mlflow.api.proto.Service;

/**
 * The book of runs and the server that it is mirrored to, if one is set. Runs are read from the book; a run that exists
 * only on the server is fetched into the book when it is named.
 */
public final class MirroredBook implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(MirroredBook.class.getName());

    /** How long an address waits for the server that it names. */
    private static final Duration PROBE = Duration.ofSeconds(3);

    /** What all tags of ours begin with. */
    private static final String OURS = "switchlab.";

    private final Book book;
    private final MlflowEnvironment environment;
    private final Mirror.Timing timing;
    private final Consumer<String> notices;
    /** Applies only to the first run of this process. */
    private Optional<String> nextRunId;
    /** The name that the run of {@link #nextRunId} has on the server. */
    private String nextName = "";

    private MirroredBook(Book book, MlflowEnvironment environment, Mirror.Timing timing, Consumer<String> notices) {
        this.book = book;
        this.environment = environment;
        this.timing = timing;
        this.notices = notices;
        this.nextRunId = environment.runId();
    }

    /** Opens the book of a folder; messages go to the log. */
    public static MirroredBook open(Path folder, MlflowEnvironment environment) {
        return open(folder, environment, notice -> LOG.log(Level.WARNING, notice));
    }

    /**
     * Opens the book of a folder. The server need not be reachable.
     *
     * @param notices takes one-line messages for the user
     * @throws BookException if the folder holds something else instead of a book
     */
    public static MirroredBook open(Path folder, MlflowEnvironment environment, Consumer<String> notices) {
        return open(folder, environment, Mirror.Timing.DEFAULT, notices);
    }

    /** Opens the book with other time limits. */
    public static MirroredBook open(
            Path folder, MlflowEnvironment environment, Mirror.Timing timing, Consumer<String> notices) {
        Book.Options options = Book.Options.of(environment.credentials().secrets(), notices);
        return new MirroredBook(Book.open(folder, options), environment, timing, notices);
    }

    /** The book itself. */
    public Book book() {
        return book;
    }

    /** The address of the server, without a trailing slash; empty if no server is set. */
    public Optional<URI> server() {
        return environment.server();
    }

    /** The MLflow experiment that runs of an experiment belong to. */
    public String experimentName(String id) {
        return environment.experimentName().orElse(id);
    }

    /**
     * The id for the next run: that of {@code MLFLOW_RUN_ID}, or a new one.
     *
     * @throws BookException if the server does not have the run of {@code MLFLOW_RUN_ID}, or a training was logged to
     *     it before: two trainings in one run cannot be told apart
     */
    public String newRunId() {
        nextRunId.ifPresent(this::claim);
        return nextRunId.orElseGet(Book::newRunId);
    }

    private void claim(String id) {
        URI uri = server().orElseThrow();
        try (MlflowServer server = connect(uri)) {
            Service.Run run = ServerRuns.active(
                    server.run(id).orElseThrow(() -> new ServerException(Kind.MISSING, "it does not have run " + id)));
            if (book.byId(id).isPresent()
                    || run.getData().getTagsList().stream()
                            .anyMatch(tag -> tag.getKey().startsWith(OURS))) {
                throw new BookException("MLFLOW_RUN_ID: a training was logged to run " + id
                        + " already; continue it with: make resume RUN=" + id.substring(0, 8)
                        + ", or unset MLFLOW_RUN_ID for a new run");
            }
            server.tag(id, ServerRuns.KEY_TAG, id);
            nextName = run.getInfo().getRunName();
        } catch (IOException e) {
            throw new BookException(
                    "MLFLOW_RUN_ID: MLflow server " + uri + ": " + e.getMessage()
                            + "; unset MLFLOW_RUN_ID for a new run, or name a run of that server",
                    e);
        }
    }

    /**
     * Begins a run and mirrors it.
     *
     * @throws BookException if the id is taken
     */
    public BookLog begin(RunInfo info, String runId) {
        boolean isNamed = nextRunId.equals(Optional.of(runId));
        BookLog log = book.start(isNamed && !nextName.isBlank() ? info.named(nextName) : info, runId);
        if (isNamed) {
            nextRunId = Optional.empty();
            MirrorState state = new MirrorState(Optional.of(runId), Optional.empty(), false, 0);
            state.keep(book, runId, server().orElseThrow());
        }
        return mirrored(log);
    }

    /** Resumes a run as {@link Book#resume} does, and mirrors it. */
    public BookLog resume(String runId, long step) {
        return mirrored(book.resume(runId, step));
    }

    /** Starts a mirror for the run and for unsent data of earlier runs. */
    private BookLog mirrored(BookLog log) {
        if (server().isPresent()) {
            URI uri = server().get();
            String runId = log.runId();
            MirrorState known =
                    MirrorState.of(book.byId(runId).orElseThrow(), uri).orElse(MirrorState.NOTHING);
            List<String> leftBehind = behind().stream()
                    .filter(run -> !run.status().equals("RUNNING"))
                    .map(Run::runId)
                    .toList();
            new MirrorState(known.runId(), known.experimentId(), false, known.time()).keep(book, runId, uri);
            Mirror mirror = new Mirror(book, runId, leftBehind, connect(uri), timing, notices);
            log.onClose(mirror::close);
        }
        return log;
    }

    private MlflowServer connect(URI uri) {
        return new MlflowServer(uri, environment.credentials(), timing.call());
    }

    /**
     * Merges another book into this one with {@link BookMerge}. The next mirrored run, or {@link #flush}, sends the new
     * data to the server.
     */
    public BookMerge.Merged merge(Path folder) {
        BookMerge.Merged merged = BookMerge.all(folder, book);
        for (String id : merged.grown()) {
            book.byId(id).ifPresent(run -> MirrorState.outdate(book, run));
        }
        return merged;
    }

    /**
     * The run with this name, or with this id or prefix of an id in the book or on the server.
     *
     * @throws BookException if there is none, or more than one
     */
    public Run find(String text) {
        List<Run> found = book.called(text);
        Optional<Run> exact =
                found.stream().filter(run -> run.runId().equals(text)).findFirst();
        if (exact.isPresent()) {
            return current(exact.get());
        }
        requireOne(text, found.stream().map(Run::runId).toList(), "");
        if (found.size() == 1) {
            return current(found.get(0));
        }
        return fetch(text)
                .orElseThrow(() -> new BookException("run '" + text + "': there is none in " + book.folder()
                        + server().map(uri -> " or at " + uri).orElse("") + "; `make runs` lists them"));
    }

    /** Fetches a run again that was still running elsewhere when it was fetched. */
    private Run current(Run run) {
        String from = run.tags().get(ServerReader.FETCHED_TAG);
        boolean isFetched = server().filter(uri -> uri.toString().equals(from)).isPresent();
        return isFetched && run.status().equals("RUNNING") ? fetch(run.runId()).orElse(run) : run;
    }

    /** Mirrored runs that the server does not have completely, oldest first. */
    public List<Run> behind() {
        return server().stream()
                .flatMap(uri -> book.tagged(MirrorState.tag(uri)).stream()
                        .filter(run -> !MirrorState.of(run, uri).orElseThrow().whole()))
                .toList();
    }

    /** The address of a run in MLflow's UI; empty unless a server is set and answers that it has the run. */
    public Optional<String> address(Run run) {
        Optional<MirrorState> state = server().flatMap(uri -> MirrorState.of(run, uri));
        if (state.flatMap(MirrorState::experimentId).isEmpty()) {
            return Optional.empty();
        }
        URI uri = server().orElseThrow();
        String id = state.get().runId().orElseThrow();
        try (MlflowServer server =
                new MlflowServer(uri, environment.credentials(), Comparators.min(PROBE, timing.call()))) {
            return server.run(id)
                    .map(there ->
                            uri + "/#/experiments/" + state.get().experimentId().orElseThrow() + "/runs/" + id);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Copies the current state of a run to the server.
     *
     * @return whether the run has ended and the server has all of it
     * @throws BookException if the server refuses the run
     */
    public boolean flush(Run run) {
        URI uri = server().orElseThrow();
        try (MlflowServer server = connect(uri)) {
            return Mirror.copyOnce(book, run.runId(), server, notices, bytes -> {});
        } catch (IOException e) {
            throw new BookException(
                    "run " + run.runId() + ": MLflow server " + uri + ": " + e.getMessage()
                            + "; everything is in the book, try again when the server is back",
                    e);
        }
    }

    /** Sends what was added to an ended run, if the run is mirrored; after a failure it is sent later. */
    public void update(Run run) {
        if (server().isPresent()) {
            try {
                flush(run);
            } catch (BookException e) {
                notices.accept(e.getMessage());
            }
        }
    }

    /**
     * Fetches a run that exists only on the server into the book.
     *
     * @param text the id, a prefix of it, or the name
     * @return empty if no server is set or the server has no such run
     * @throws BookException if the server cannot be read
     */
    private Optional<Run> fetch(String text) {
        if (server().isEmpty()) {
            return Optional.empty();
        }
        URI uri = server().get();
        try (MlflowServer server = connect(uri)) {
            List<Service.Run> found =
                    Keys.isRunId(text) ? server.run(text).stream().toList() : server.runsCalled(text);
            requireOne(text, found.stream().map(run -> run.getInfo().getRunId()).toList(), ", at " + uri);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            Optional<Run> ours = ours(found.get(0));
            return ours.isPresent() ? ours : fetch(server, found.get(0));
        } catch (IOException e) {
            throw new BookException("MLflow server " + uri + ": " + e.getMessage(), e);
        }
    }

    private static void requireOne(String text, List<String> ids, String place) {
        if (ids.size() > 1) {
            throw new BookException("run '" + text + "' is the beginning of several ids, or the name of several runs"
                    + place + ": " + String.join(", ", ids) + "; give more of the id");
        }
    }

    /** The run of this book whose copy the server's run is. */
    private Optional<Run> ours(Service.Run run) {
        return run.getData().getTagsList().stream()
                .filter(tag -> tag.getKey().equals(ServerRuns.KEY_TAG))
                .findFirst()
                .flatMap(tag -> book.byId(tag.getValue()));
    }

    /** Fetches the children first, so that a summary that is visible in the book is complete. */
    private Optional<Run> fetch(MlflowServer server, Service.Run run) throws IOException {
        Service.RunInfo info = run.getInfo();
        String id = info.getRunId();
        ServerRuns.requireId(run);
        boolean sumsUp = run.getData().getTagsList().stream()
                .anyMatch(tag -> tag.getKey().equals(RunInfo.SUMMARY_TAG));
        for (Service.Run child : sumsUp ? server.children(id) : List.<Service.Run>of()) {
            if (ours(child).isEmpty() && !isWhole(child)) {
                fetch(server, child);
            }
        }
        notices.accept("fetching run " + id + " from " + server.uri() + " into the book ...");
        RunCopy copy = new RunCopy(new ServerReader(server, run), new BookRun(book, id), notices);
        if (copy.copy() != RunCopy.Change.LEFT) {
            new MirrorState(Optional.of(id), Optional.of(info.getExperimentId()), true, System.currentTimeMillis())
                    .keep(book, id, server.uri());
        }
        return book.byId(id);
    }

    /** Whether the run was fetched after its end. */
    private boolean isWhole(Service.Run run) {
        return book.byId(run.getInfo().getRunId())
                .filter(there -> !there.status().equals("RUNNING"))
                .isPresent();
    }

    @Override
    public void close() {
        book.close();
    }
}
