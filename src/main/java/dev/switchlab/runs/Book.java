package dev.switchlab.runs;

import dev.switchlab.runs.db.Database;
import dev.switchlab.runs.db.DatasetsTable;
import dev.switchlab.runs.db.MetricsTable;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.db.RunsTable;
import dev.switchlab.runs.db.RunsTable.ExperimentRow;
import dev.switchlab.runs.db.RunsTable.RunRow;
import dev.switchlab.runs.db.Session;
import dev.switchlab.runs.db.TextsTable;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * The book of runs: {@code mlflow.db} in MLflow's own schema and {@code mlartifacts/} beside it, in one folder. Several
 * processes may write and read it at once; {@code mlflow server}, started in that folder, shows it.
 *
 * <p>A metric is a map in the training step, then part of a batch in the writer thread, then a row.
 */
public final class Book implements AutoCloseable {
    /**
     * Prefix of the tags that describe a run's copies on servers; each value begins with the run's id on that server.
     */
    public static final String MIRROR_TAG = "switchlab.mirror/";

    /**
     * Options of a book.
     *
     * @param secrets texts that must appear nowhere in the book
     * @param systemMetrics time between two samples of the machine's load; zero for none
     * @param notices takes one-line messages for the user
     */
    public record Options(List<String> secrets, Duration systemMetrics, Consumer<String> notices) {

        /** Options with a sample every ten seconds. */
        public static Options of(List<String> secrets, Consumer<String> notices) {
            return new Options(List.copyOf(secrets), Duration.ofSeconds(10), notices);
        }
    }

    private static final System.Logger LOG = System.getLogger(Book.class.getName());

    private final Path folder;
    private final Database database;
    private final Options options;
    private final BookWriter writer;

    private Book(Path folder, Database database, Options options) {
        this.folder = folder;
        this.database = database;
        this.options = options;
        this.writer = new BookWriter(database, folder.resolve("mlflow.db"));
    }

    /**
     * Opens the book with default options; messages go to the log.
     *
     * @param folder created if absent
     * @throws BookException if the folder holds something else instead of a book
     */
    public static Book open(Path folder) {
        return open(folder, Options.of(List.of(), notice -> LOG.log(Level.WARNING, notice)));
    }

    /** Opens the book. */
    public static Book open(Path folder, Options options) {
        Path whole = folder.toAbsolutePath().normalize();
        Path database = whole.resolve("mlflow.db");
        if (!Files.exists(database)) {
            ArtifactFolder.warnOfRuns(whole, options.notices());
        }
        try {
            return new Book(whole, Database.open(database, options.notices()), options);
        } catch (IOException e) {
            throw new BookException(e.getMessage(), e);
        }
    }

    /** The runs folder, which also holds checkpoints and reports. */
    public Path folder() {
        return folder;
    }

    /**
     * The folder of a run's checkpoints.
     *
     * @throws BookException if this is no id: it would be another folder
     */
    public Path checkpoints(String runId) {
        if (!Keys.isRunId(runId)) {
            throw new BookException("run id '" + runId.replaceAll("\\p{Cntrl}", "?")
                    + "': allowed are 32 hexadecimal digits, e.g. 3f2a91c04b5d4e6f8a7b6c5d4e3f2a1b");
        }
        return folder.resolve("checkpoints").resolve(runId);
    }

    /**
     * Begins a run with a given id.
     *
     * @throws BookException if the id is taken
     */
    public BookLog start(RunInfo info, String runId) {
        long now = System.currentTimeMillis();
        RunRow run = create(info, runId, now);
        boolean sumsUp = info.tags().containsKey(RunInfo.SUMMARY_TAG);
        BookLog log = new BookLog(this, run, new BookLog.Start(Map.of(), now, 0), sumsUp);
        log.keepLong(info);
        log.sync();
        return log;
    }

    /** Creates a run id. */
    public static String newRunId() {
        return UUID.randomUUID().toString().replace("-", "");
    }

    /**
     * Inserts the run with its params, tags and dataset in one transaction: a killed process leaves a complete run or
     * none.
     */
    private RunRow create(RunInfo info, String runId, long now) {
        Redactor redactor = new Redactor(options.secrets());
        return write(session -> {
            if (RunsTable.isTaken(session, runId)) {
                throw new BookException("run " + runId + ": there is one in " + folder + " already; go on with it by:"
                        + " make resume RUN=" + runId.substring(0, 8));
            }
            ExperimentRow experiment = experiment(session, info.experimentName(), now);
            if (!info.about().isBlank()) {
                TextsTable.EXPERIMENT_TAGS.set(session, experiment.id(), Map.of(RunInfo.NOTE_TAG, info.about()));
            }
            RunRow row = new RunRow(
                    runId,
                    experiment.id(),
                    experiment.name(),
                    info.runName(),
                    info.user(),
                    "RUNNING",
                    now,
                    Optional.empty(),
                    experiment.artifactUri(runId));
            RunsTable.insert(session, row);
            TextsTable.TAGS.set(session, runId, BookLog.cut(redactor.clean(info.allTags()), BookLog.MAX_TAG));
            TextsTable.PARAMS.add(session, runId, BookLog.cut(redactor.clean(info.params()), BookLog.MAX_PARAM));
            SharedView.keep(session, experiment.id());
            if (info.dataset().isPresent()) {
                DatasetsTable.log(
                        session, runId, experiment.id(), info.dataset().get().row(redactor));
            }
            return row;
        });
    }

    /** Writes the view of a run's experiment, which a run of an older version has not. */
    public void keepView(Run run) {
        change(session -> SharedView.keep(session, run.experimentId()));
    }

    /**
     * Finds an experiment by name, or creates it.
     *
     * @throws BookException if the experiment was deleted in MLflow
     */
    static ExperimentRow experiment(Session session, String name, long now) throws SQLException {
        ExperimentRow experiment = RunsTable.experiment(session, name, now);
        if (!experiment.isActive()) {
            throw new BookException(
                    "experiment '" + name + "' was deleted in MLflow; restore it there, or take another runs folder");
        }
        return experiment;
    }

    /**
     * Resumes a run that ended early. If the run had progressed beyond its last checkpoint, the points after
     * {@code step} that are already in the book are not written again.
     *
     * @param runId the full id
     * @param step the optimizer step of the checkpoint that training continues from
     */
    public BookLog resume(String runId, long step) {
        RunRow run = row(runId);
        BookLog.Start start = read(session -> BookLog.Start.after(session, runId, step));
        Run before = byId(runId).orElseThrow();
        BookLog log = new BookLog(this, run, start, before.isSummary());
        long pause = (System.currentTimeMillis() - run.endTime().orElseGet(() -> lastPoint(runId))) / 1000;
        if (pause > 0) {
            log.tags(Map.of(RunInfo.PAUSED_TAG, Long.toString(before.pausedSeconds() + pause)));
        }
        writer.submit(session -> RunsTable.setStatus(session, runId, "RUNNING", Optional.empty()));
        return log;
    }

    /** The run with this full id. */
    public Optional<Run> byId(String runId) {
        return runs(session -> RunsTable.byId(session, runId).stream().toList()).stream()
                .findFirst();
    }

    /**
     * Runs by name, by id or a prefix of it, or by a prefix of their id on a server; newest first.
     *
     * @param text not blank
     */
    public List<Run> called(String text) {
        return runs(session -> RunsTable.called(session, text, MIRROR_TAG));
    }

    /** Runs of one experiment or of all, newest first. */
    public List<Run> runs(Optional<String> experiment, int limit) {
        return runs(session -> RunsTable.newest(session, experiment, limit));
    }

    /** The children of a run, oldest first. */
    public List<Run> children(String runId) {
        return runs(session -> RunsTable.tagged(session, RunInfo.PARENT_TAG, runId));
    }

    /** Runs that have a tag, oldest first. */
    public List<Run> tagged(String key) {
        return runs(session -> RunsTable.tagged(session, key));
    }

    private List<Run> runs(Database.Work<List<RunRow>> rows) {
        return read(session -> {
            List<Run> runs = new ArrayList<>();
            for (RunRow row : rows.run(session)) {
                runs.add(run(session, row));
            }
            return runs;
        });
    }

    private static Run run(Session session, RunRow row) throws SQLException {
        Map<String, Double> metrics = new LinkedHashMap<>();
        for (PointRow point : MetricsTable.latest(session, row.id())) {
            metrics.put(point.key(), point.logged());
        }
        return new Run(
                row.id(),
                row.experimentId(),
                row.experiment(),
                row.name(),
                row.status(),
                Instant.ofEpochMilli(row.startTime()),
                row.endTime().map(Instant::ofEpochMilli),
                TextsTable.PARAMS.of(session, row.id()),
                TextsTable.TAGS.of(session, row.id()),
                metrics);
    }

    /** All points of a metric in order of time; empty if the run has no such metric. */
    public List<MetricPoint> history(String runId, String key) {
        return read(session -> MetricsTable.history(session, runId, key, 0).stream()
                .map(point -> new MetricPoint(point.step(), point.timestamp(), point.logged()))
                .toList());
    }

    /**
     * The files of a run.
     *
     * @throws BookException if the files are not in the book
     */
    public ArtifactFolder artifacts(String runId) {
        return artifacts(runId, row(runId).artifactUri());
    }

    /** The folder that an artifact URI of this book names, whether or not the run exists yet. */
    ArtifactFolder artifacts(String runId, String artifactUri) {
        return ArtifactFolder.of(folder.resolve("mlartifacts"), runId, artifactUri);
    }

    /**
     * Adds metrics that are measured after the run has ended, and waits until they are stored. A metric that already
     * has the value at this step is not written again.
     *
     * @param step number of steps that the run was trained for
     * @throws BookException if MLflow refuses the name of a metric
     */
    public void addMetrics(String runId, long step, Map<String, Double> metrics) {
        metrics.keySet().forEach(key -> Keys.check("metric", key));
        change(session -> {
            List<PointRow> latest = MetricsTable.latest(session, runId);
            // Never earlier than the run's last point, even if the clock was set back: copies rely on this order.
            long now = latest.stream().mapToLong(PointRow::timestamp).reduce(System.currentTimeMillis(), Math::max);
            List<PointRow> points = metrics.entrySet().stream()
                    .map(metric -> PointRow.of(metric.getKey(), metric.getValue(), now, step))
                    .filter(point -> latest.stream().noneMatch(point::hasSameValue))
                    .toList();
            MetricsTable.log(session, runId, points);
        });
    }

    /** Sets tags of a running or ended run, and waits until they are stored. */
    public void tag(String runId, Map<String, String> tags) {
        tags.keySet().forEach(key -> Keys.check("tag", key));
        change(session -> TextsTable.TAGS.set(session, runId, tags));
    }

    /** Adds or replaces a file of a running or ended run. */
    public void keep(String runId, String path, Path file) {
        artifacts(runId).copy(path, file);
    }

    /** Adds or replaces a file with UTF-8 text. */
    public void keep(String runId, String path, String text) {
        keep(runId, path, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Adds or replaces a file with these bytes. */
    public void keep(String runId, String path, byte[] bytes) {
        artifacts(runId).write(path, bytes);
    }

    /** Marks a run as ended whose process was killed. */
    public void end(String runId, RunStatus status, Instant when) {
        change(session -> RunsTable.setStatus(session, runId, status.name(), Optional.of(when.toEpochMilli())));
    }

    /** Marks a run as killed whose process is gone, at the time of its last sign of life. */
    public void endKilled(String runId) {
        end(runId, RunStatus.KILLED, Instant.ofEpochMilli(lastPoint(runId)));
    }

    /** Time of the last point, or of the run's start if it has none. */
    private long lastPoint(String runId) {
        return read(session -> MetricsTable.latest(session, runId)).stream()
                .mapToLong(PointRow::timestamp)
                .reduce(row(runId).startTime(), Math::max);
    }

    /** Ids in the file that are not MLflow's. Such runs are never read. */
    List<String> strangeIds() {
        return read(RunsTable::strangeIds);
    }

    /** Whether this user may only read the book. */
    public boolean isReadOnly() {
        return database.isReadOnly();
    }

    private RunRow row(String runId) {
        return read(session -> RunsTable.byId(session, runId))
                .orElseThrow(() -> new BookException("there is no run " + runId + " in " + folder));
    }

    /** Reads from one snapshot of the book. */
    public <T> T read(Database.Work<T> work) {
        try {
            return database.read(work);
        } catch (SQLException | IOException e) {
            throw new BookException("cannot read " + folder.resolve("mlflow.db") + ": " + e.getMessage(), e);
        }
    }

    /** Changes the book in one transaction, without the writer thread. */
    public <T> T write(Database.Work<T> work) {
        try {
            return database.write(work);
        } catch (SQLException | IOException e) {
            throw new BookException("cannot write " + folder.resolve("mlflow.db") + ": " + e.getMessage(), e);
        }
    }

    private void change(Database.Change change) {
        write(session -> {
            change.run(session);
            return null;
        });
    }

    /** Checks the whole file; empty if it is sound. */
    Optional<String> damage() {
        return database.damage();
    }

    BookWriter writer() {
        return writer;
    }

    Options options() {
        return options;
    }

    /** Writes what was logged, then closes the file. */
    @Override
    public void close() {
        writer.close();
        try {
            database.close();
        } catch (SQLException e) {
            throw new BookException("cannot close " + folder.resolve("mlflow.db") + ": " + e.getMessage(), e);
        }
    }
}
