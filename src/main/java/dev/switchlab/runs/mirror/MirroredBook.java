package dev.switchlab.runs.mirror;

import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.BookMerge;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The book of runs, and the server that it is mirrored to where one is named: what commands open. Runs are read from
 * the book; one that only the server has comes into the book when it is named.
 */
public final class MirroredBook implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(MirroredBook.class.getName());

    private final Book book;
    private final Optional<Mirrors> mirrors;
    private final Consumer<String> notices;
    private final Optional<String> experimentName;
    /** The first run of this process only: those after it would be other runs. */
    private Optional<String> nextRunId;

    private MirroredBook(Book book, MlflowEnvironment environment, Mirror.Timing timing, Consumer<String> notices) {
        this.book = book;
        this.notices = notices;
        this.mirrors =
                environment.server().map(uri -> new Mirrors(book, uri, environment.credentials(), timing, notices));
        this.experimentName = environment.experimentName();
        this.nextRunId = environment.runId();
    }

    /** Opens the book of a folder with messages to the log. */
    public static MirroredBook open(Path folder, MlflowEnvironment environment) {
        return open(folder, environment, notice -> LOG.log(Level.WARNING, notice));
    }

    /**
     * Opens the book of a folder. The server need not be there.
     *
     * @param notices takes one-line messages for the user
     * @throws BookException if there is something else in the book's place
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

    /** The server, where one is named. */
    public Optional<Mirrors> mirrors() {
        return mirrors;
    }

    /** The MLflow experiment that runs of an experiment belong to. */
    public String experimentName(String id) {
        return experimentName.orElse(id);
    }

    /** Begins a run, mirrored while it goes on. */
    public BookLog begin(RunInfo info) {
        return begin(info, newRunId());
    }

    /** The id that the next run is to have: the one that {@code MLFLOW_RUN_ID} names, or a new one. */
    public String newRunId() {
        return nextRunId.orElseGet(Book::newRunId);
    }

    /**
     * Begins a run whose id is chosen already.
     *
     * @throws BookException if there is a run of that id
     */
    public BookLog begin(RunInfo info, String runId) {
        BookLog log = book.start(info, runId);
        if (nextRunId.equals(Optional.of(runId))) {
            nextRunId = Optional.empty();
            mirrors.orElseThrow().adopt(runId, runId);
        }
        return mirrored(log);
    }

    /** Goes on with a run as {@link Book#resume} says, mirrored while it goes on. */
    public BookLog resume(String runId, long step) {
        return mirrored(book.resume(runId, step));
    }

    private BookLog mirrored(BookLog log) {
        mirrors.map(server -> server.follow(log.runId())).ifPresent(mirror -> log.onClose(mirror::close));
        return log;
    }

    /**
     * Merges another book into this one, as {@link BookMerge} says. What a server lacks of it then goes there with the
     * next mirrored run, or with {@link Mirrors#flush}.
     */
    public BookMerge.Merged merge(Path folder) {
        BookMerge.Merged merged = BookMerge.all(folder, book);
        for (String id : merged.grown()) {
            book.byId(id).ifPresent(run -> MirrorState.outdate(book, run));
        }
        return merged;
    }

    /**
     * The run with this id, beginning of an id, or name; ids are the book's or the server's.
     *
     * @throws BookException in one line, if there is none, or more than one
     */
    public Run find(String text) {
        List<Run> found = book.called(text);
        Optional<Run> exact =
                found.stream().filter(run -> run.runId().equals(text)).findFirst();
        if (exact.isPresent()) {
            return current(exact.get());
        }
        if (found.size() > 1) {
            throw new BookException("run '" + text + "' is the beginning of several ids, or the name of several runs: "
                    + String.join(", ", found.stream().map(Run::runId).toList()) + "; give more of the id");
        }
        if (found.size() == 1) {
            return current(found.get(0));
        }
        return mirrors.flatMap(server -> server.fetch(text))
                .orElseThrow(() -> new BookException("run '" + text + "': there is none in " + book.folder()
                        + mirrors.map(server -> " or at " + server.uri()).orElse("") + "; `make runs` lists them"));
    }

    /** A run that was fetched while it went on elsewhere is fetched again. */
    private Run current(Run run) {
        String from = run.tags().get(ServerReader.FETCHED_TAG);
        return mirrors.filter(server -> server.uri().toString().equals(from))
                .filter(server -> run.status().equals("RUNNING"))
                .flatMap(server -> server.fetch(run.runId()))
                .orElse(run);
    }

    /**
     * Sends what a run that has ended got since, if it is mirrored; a server that does not take it now gets it later.
     */
    public void update(Run run) {
        mirrors.ifPresent(server -> {
            try {
                server.flush(run);
            } catch (BookException e) {
                notices.accept(e.getMessage());
            }
        });
    }

    @Override
    public void close() {
        book.close();
    }
}
