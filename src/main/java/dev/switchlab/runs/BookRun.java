package dev.switchlab.runs;

import dev.switchlab.io.WholeFile;
import dev.switchlab.runs.db.DatasetsTable;
import dev.switchlab.runs.db.DatasetsTable.DatasetRow;
import dev.switchlab.runs.db.MetricsTable;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.db.RunsTable;
import dev.switchlab.runs.db.RunsTable.ExperimentRow;
import dev.switchlab.runs.db.RunsTable.RunRow;
import dev.switchlab.runs.db.Session;
import dev.switchlab.runs.db.TextsTable;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.RunLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A run of a book, as the source or the target of a copy.
 *
 * @param id the run's full id; as a target the run need not exist yet
 */
public record BookRun(Book book, String id) implements RunReader, RunWriter {

    @Override
    public String place() {
        return book.folder().toString();
    }

    @Override
    public Optional<String> obstacle() {
        if (book.read(session ->
                RunsTable.isTaken(session, id) && RunsTable.byId(session, id).isEmpty())) {
            return Optional.of("it was deleted in " + place() + " with MLflow; restore it there first");
        }
        return RunLock.isHeld(book.checkpoints(id), id)
                ? Optional.of("it is being trained in " + place())
                : Optional.empty();
    }

    @Override
    public RunState state() {
        return find().orElseThrow(() -> new BookException("there is no run " + id + " in " + place()));
    }

    @Override
    public Optional<RunState> existing() {
        return find();
    }

    private Optional<RunState> find() {
        return book.read(session -> {
            Optional<RunRow> row = RunsTable.byId(session, id);
            return row.isEmpty() ? Optional.empty() : Optional.of(state(session, row.get()));
        });
    }

    private static RunState state(Session session, RunRow row) throws SQLException {
        Map<String, PointRow> latest = new LinkedHashMap<>();
        MetricsTable.latest(session, row.id()).forEach(point -> latest.put(point.key(), point));
        return new RunState(
                row,
                TextsTable.EXPERIMENT_TAGS.of(session, row.experimentId()),
                TextsTable.PARAMS.of(session, row.id()),
                TextsTable.TAGS.of(session, row.id()),
                latest,
                DatasetsTable.of(session, row.id()));
    }

    @Override
    public List<PointRow> history(String key) {
        return history(key, 0);
    }

    @Override
    public List<PointRow> history(String key, long since) {
        return book.read(session -> MetricsTable.history(session, id, key, since));
    }

    @Override
    public List<String> files() {
        return book.artifacts(id).list();
    }

    @Override
    public List<String> links() {
        List<String> links = new ArrayList<>(book.artifacts(id).links());
        new ArtifactFolder(book.checkpoints(id)).links().forEach(link -> links.add("checkpoints/" + id + "/" + link));
        return links;
    }

    @Override
    public Optional<Path> local(String path) {
        return Optional.of(book.artifacts(id).file(path));
    }

    @Override
    public void download(String path, Path target) throws IOException {
        Files.copy(book.artifacts(id).file(path), target);
    }

    @Override
    public Optional<Path> checkpoints() {
        return Optional.of(book.checkpoints(id));
    }

    /**
     * Writes the files first, each atomically, then all rows in one transaction: a run that is visible in the book is
     * complete.
     */
    @Override
    public boolean write(Changes changes) throws IOException {
        RunRow source = changes.state().row();
        ExperimentRow experiment =
                book.write(session -> Book.experiment(session, source.experiment(), System.currentTimeMillis()));
        RunRow row = book.read(session -> RunsTable.byId(session, id))
                .orElseGet(() -> new RunRow(
                        id,
                        experiment.id(),
                        experiment.name(),
                        source.name(),
                        source.user(),
                        source.status(),
                        source.startTime(),
                        source.endTime(),
                        experiment.artifactUri(id)));
        boolean newFiles = writeFiles(changes, row);
        boolean newCheckpoints = writeCheckpoints(changes);
        boolean newRows = book.write(session -> writeRows(session, row, changes));
        return newFiles || newCheckpoints || newRows;
    }

    private boolean writeFiles(Changes changes, RunRow row) throws IOException {
        if (changes.files().isEmpty()) {
            return false;
        }
        ArtifactFolder folder;
        try {
            folder = book.artifacts(id, row.artifactUri());
        } catch (BookException e) {
            changes.notices().accept(e.getMessage() + "; everything else is copied");
            return false;
        }
        boolean changed = false;
        for (String path : changes.files()) {
            Path copy = folder.resolve(path);
            if (!Files.exists(copy) || (changes.hasProgressed() && differs(changes.from(), path, copy))) {
                WholeFile.<IOException>write(copy, part -> changes.from().download(path, part));
                changed = true;
            }
        }
        return changed;
    }

    private static boolean differs(RunReader from, String path, Path copy) throws IOException {
        Optional<Path> local = from.local(path);
        return local.isEmpty() || Files.mismatch(local.get(), copy) >= 0;
    }

    /** Copies the checkpoints of an unfinished run. */
    private boolean writeCheckpoints(Changes changes) throws IOException {
        Optional<Path> checkpoints = changes.from().checkpoints();
        return checkpoints.isPresent()
                && Files.isDirectory(checkpoints.get(), LinkOption.NOFOLLOW_LINKS)
                && !changes.state().row().status().equals("FINISHED")
                && Checkpoints.copy(checkpoints.get(), book.checkpoints(id)) > 0;
    }

    private boolean writeRows(Session session, RunRow row, Changes changes) throws SQLException, IOException {
        if (!RunsTable.isTaken(session, id)) {
            RunsTable.insert(session, row);
        }
        RunState source = changes.state();
        int added = TextsTable.EXPERIMENT_TAGS.add(session, row.experimentId(), source.experimentTags());
        added += TextsTable.PARAMS.add(session, id, changes.params());
        SharedView.keep(session, row.experimentId());
        TextsTable.TAGS.set(session, id, changes.tags());
        for (DatasetRow dataset : source.datasets()) {
            added += DatasetsTable.log(session, id, row.experimentId(), dataset);
        }
        for (String key : changes.metrics()) {
            MetricsTable.log(session, id, changes.points().of(key));
        }
        if (changes.hasProgressed()) {
            RunsTable.setStatus(session, id, source.row().status(), source.row().endTime());
        }
        return changes.hasProgressed() || added > 0 || !changes.tags().isEmpty();
    }
}
