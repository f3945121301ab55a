package dev.switchlab.runs;

import dev.switchlab.runs.db.DatasetsTable;
import dev.switchlab.runs.db.DatasetsTable.DatasetRow;
import dev.switchlab.runs.db.ExperimentsTable;
import dev.switchlab.runs.db.ExperimentsTable.ExperimentRow;
import dev.switchlab.runs.db.MetricsTable;
import dev.switchlab.runs.db.ParamsTable;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.db.RunsTable;
import dev.switchlab.runs.db.RunsTable.RunRow;
import dev.switchlab.runs.db.Session;
import dev.switchlab.runs.db.TagsTable;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.RunLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** One run on its way from one book into another. */
final class RunMerge {

    /** What became of it. */
    enum Change {
        ADDED,
        GROWN,
        UNCHANGED,
        LEFT
    }

    /** How the other book's copy of a run stands to ours. */
    private enum Standing {
        NEW,
        AHEAD,
        EQUAL,
        BEHIND,
        APART
    }

    private final Book from;
    private final Book into;
    private final String id;
    private final boolean withCheckpoints;
    private final Consumer<String> notices;

    RunMerge(Book from, Book into, String id, boolean withCheckpoints, Consumer<String> notices) {
        this.from = from;
        this.into = into;
        this.id = id;
        this.withCheckpoints = withCheckpoints;
        this.notices = notices;
    }

    /**
     * Merges one state of the run. Files are at least as new as its rows: those that change meanwhile come with the
     * next merge.
     */
    Change merge() {
        return from.read(theirs -> {
            RunRow run = RunsTable.byId(theirs, id).orElse(null);
            if (run == null) {
                return Change.UNCHANGED; // deleted a moment ago
            }
            Optional<RunRow> ours = into.read(session -> RunsTable.byId(session, id));
            if (ours.isEmpty() && into.read(session -> RunsTable.isTaken(session, id))) {
                return leave("it was deleted in " + into.folder() + " with MLflow; restore it there first");
            }
            if (ours.isPresent() && RunLock.isHeld(into.checkpoints(id), id)) {
                return leave("it is being trained in " + into.folder());
            }
            Standing standing = ours.isEmpty() ? Standing.NEW : standing(theirs, run, ours.get());
            return switch (standing) {
                case APART -> leave("it went on in both books, " + from.folder() + " and " + into.folder());
                case BEHIND -> Change.UNCHANGED;
                case NEW, AHEAD, EQUAL -> bring(theirs, run, ours, standing);
            };
        });
    }

    private Change leave(String reason) {
        notices.accept("run " + id + " is not merged: " + reason);
        return Change.LEFT;
    }

    /** A copy is further where one of its metrics is. Where none is, the one that knows of its end is. */
    private Standing standing(Session theirs, RunRow run, RunRow ours) throws SQLException {
        Map<String, PointRow> here = latestHere();
        boolean ahead = false;
        boolean behind = false;
        for (PointRow point : MetricsTable.latest(theirs, id)) {
            PointRow known = here.get(point.key());
            ahead |= known == null || point.isLaterThan(known);
            behind |= known != null && known.isLaterThan(point);
        }
        if (ahead == behind) {
            boolean hasEnded = run.endTime().isPresent();
            boolean ends = hasEnded
                    && !(run.status().equals(ours.status()) && run.endTime().equals(ours.endTime()));
            return ahead ? Standing.APART : ends ? Standing.AHEAD : Standing.EQUAL;
        }
        return ahead ? Standing.AHEAD : Standing.BEHIND;
    }

    private Map<String, PointRow> latestHere() {
        Map<String, PointRow> here = new HashMap<>();
        into.read(session -> MetricsTable.latest(session, id)).forEach(point -> here.put(point.key(), point));
        return here;
    }

    private Change bring(Session theirs, RunRow run, Optional<RunRow> ours, Standing standing)
            throws SQLException, IOException {
        ExperimentRow experiment =
                into.write(session -> Book.experiment(session, run.experiment(), System.currentTimeMillis()));
        RunRow row = ours.orElseGet(() -> new RunRow(
                id,
                experiment.id(),
                experiment.name(),
                run.name(),
                run.user(),
                run.status(),
                run.startTime(),
                run.endTime(),
                Book.artifactUri(experiment, id)));
        boolean newFiles = bringFiles(run, row, standing);
        boolean newRows = into.write(session -> bringRows(theirs, session, run, row, standing));
        return standing == Standing.NEW ? Change.ADDED : newFiles || newRows ? Change.GROWN : Change.UNCHANGED;
    }

    private boolean bringFiles(RunRow run, RunRow row, Standing standing) throws IOException {
        ArtifactFolder theirs;
        ArtifactFolder ours;
        try {
            theirs = from.artifacts(run);
            ours = into.artifacts(row);
        } catch (BookException e) {
            notices.accept(e.getMessage() + "; everything else of it is merged");
            return false;
        }
        boolean news = false;
        for (String path : theirs.list()) {
            Path file = theirs.file(path);
            Path copy = ours.resolve(path);
            // One that differs may have been made anew here; it is replaced only when the run has gone on there.
            boolean lacks = !Files.exists(copy) || (standing != Standing.EQUAL && Files.mismatch(file, copy) >= 0);
            if (lacks) {
                ours.copy(path, file);
                news = true;
            }
        }
        if (withCheckpoints && !run.status().equals("FINISHED")) {
            news |= Checkpoints.copy(from.checkpoints(id), into.checkpoints(id)) > 0;
        }
        return news;
    }

    private boolean bringRows(Session theirs, Session session, RunRow run, RunRow row, Standing standing)
            throws SQLException {
        if (!RunsTable.isTaken(session, id)) {
            RunsTable.insert(session, row);
        }
        Map<String, String> about = ExperimentsTable.tags(theirs, run.experiment());
        about.keySet()
                .removeAll(ExperimentsTable.tags(session, row.experiment()).keySet());
        for (Map.Entry<String, String> tag : about.entrySet()) {
            ExperimentsTable.setTag(session, row.experimentId(), tag.getKey(), tag.getValue());
        }
        Map<String, String> params = ParamsTable.of(theirs, id);
        params.keySet().removeAll(ParamsTable.of(session, id).keySet());
        ParamsTable.log(session, id, params);
        Map<String, String> tags = lackingTags(theirs, session, standing);
        TagsTable.set(session, id, tags);
        List<DatasetRow> datasets = new ArrayList<>(DatasetsTable.of(theirs, id));
        datasets.removeAll(DatasetsTable.of(session, id));
        for (DatasetRow dataset : datasets) {
            DatasetsTable.log(session, id, row.experimentId(), dataset);
        }
        if (standing != Standing.EQUAL) {
            bringPoints(theirs, session);
            RunsTable.setStatus(session, id, run.status(), run.endTime());
            return true;
        }
        return !(about.isEmpty() && params.isEmpty() && tags.isEmpty() && datasets.isEmpty());
    }

    /**
     * A run that has gone on there may have changed its tags; otherwise those here stay. What a mirror of this book did
     * always stays.
     */
    private Map<String, String> lackingTags(Session theirs, Session session, Standing standing) throws SQLException {
        Map<String, String> here = TagsTable.of(session, id);
        Map<String, String> lacking = new LinkedHashMap<>(TagsTable.of(theirs, id));
        lacking.entrySet()
                .removeIf(tag -> here.containsKey(tag.getKey())
                        && (standing == Standing.EQUAL
                                || tag.getKey().startsWith(Book.MIRROR_TAG)
                                || tag.getValue().equals(here.get(tag.getKey()))));
        return lacking;
    }

    /**
     * What is lacking goes by steps, not by times: a run that was begun again elsewhere has the same steps at other
     * times, and another machine's clock may be behind. Of the latest step here, as many points as are here are known.
     */
    private void bringPoints(Session theirs, Session session) throws SQLException {
        Map<String, PointRow> here = new HashMap<>();
        MetricsTable.latest(session, id).forEach(point -> here.put(point.key(), point));
        for (PointRow newest : MetricsTable.latest(theirs, id)) {
            String key = newest.key();
            PointRow last = here.get(key);
            if (last == null) {
                MetricsTable.log(session, id, MetricsTable.history(theirs, id, key, 0));
            } else if (newest.isLaterThan(last)) {
                long known = MetricsTable.history(session, id, key, 0).stream()
                        .filter(point -> point.step() == last.step())
                        .count();
                List<PointRow> points = MetricsTable.history(theirs, id, key, 0);
                MetricsTable.log(
                        session,
                        id,
                        Stream.concat(
                                        points.stream()
                                                .filter(point -> point.step() == last.step())
                                                .skip(known),
                                        points.stream().filter(point -> point.step() > last.step()))
                                .toList());
            }
        }
    }
}
