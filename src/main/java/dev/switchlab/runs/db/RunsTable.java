package dev.switchlab.runs.db;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * The tables experiments and runs. Runs that were deleted in MLflow are skipped, and runs with an id that is not
 * MLflow's: ids become names of files.
 */
public final class RunsTable {
    /** Prefix of the URIs of artifacts that {@code mlflow server} serves from {@code mlartifacts/}. */
    private static final String ARTIFACT_ROOT = "mlflow-artifacts:/";

    /** MLflow's lifecycle stage of what was not deleted. */
    private static final String ACTIVE = "active";

    private static final String EXPERIMENT_COLUMNS =
            "name, artifact_location, lifecycle_stage, creation_time, last_update_time";

    private static final String RUN_ID = "length(run_uuid) = 32 AND run_uuid NOT GLOB '*[^0-9a-f]*'";

    private static final String SELECT =
            "SELECT run_uuid, runs.experiment_id, experiments.name, coalesce(runs.name, ''), coalesce(user_id, ''),"
                    + " coalesce(status, ''), start_time, end_time, coalesce(artifact_uri, '')"
                    + " FROM runs JOIN experiments USING (experiment_id)"
                    + " WHERE runs.lifecycle_stage = '" + ACTIVE + "' AND " + RUN_ID;

    private static final String TAGGED = "run_uuid IN (SELECT run_uuid FROM tags WHERE key = ?";
    private static final String OLDEST_FIRST = " ORDER BY start_time, runs.rowid";
    private static final String NEWEST_FIRST = " ORDER BY start_time DESC, runs.rowid DESC";

    private RunsTable() {}

    /**
     * One run.
     *
     * @param startTime ms since 1970
     * @param endTime ms since 1970
     */
    public record RunRow(
            String id,
            long experimentId,
            String experiment,
            String name,
            String user,
            String status,
            long startTime,
            Optional<Long> endTime,
            String artifactUri) {}

    /**
     * One experiment.
     *
     * @param isActive false if the experiment was deleted in MLflow
     */
    public record ExperimentRow(long id, String name, boolean isActive) {

        /**
         * The location of a run's files: always below {@code mlartifacts/}, even if another client created the
         * experiment with another location.
         */
        public String artifactUri(String runId) {
            return ARTIFACT_ROOT + id + "/" + runId + "/artifacts";
        }
    }

    /** Adds the experiment that {@code mlflow server} expects in every store. */
    static void insertDefaultExperiment(Session session, long now) throws SQLException {
        session.update(
                "INSERT INTO experiments (experiment_id, " + EXPERIMENT_COLUMNS + ") VALUES (0, 'Default', ?, ?, ?, ?)",
                ARTIFACT_ROOT + "0",
                ACTIVE,
                now,
                now);
    }

    /**
     * Finds an experiment by name, or creates it.
     *
     * @param now ms since 1970
     */
    public static ExperimentRow experiment(Session session, String name, long now) throws SQLException {
        Optional<ExperimentRow> known = findExperiment(session, name);
        if (known.isPresent()) {
            return known.get();
        }
        session.update(
                "INSERT INTO experiments (" + EXPERIMENT_COLUMNS + ") VALUES (?, '', ?, ?, ?)", name, ACTIVE, now, now);
        session.update(
                "UPDATE experiments SET artifact_location = ? || experiment_id WHERE name = ?", ARTIFACT_ROOT, name);
        return findExperiment(session, name).orElseThrow();
    }

    private static Optional<ExperimentRow> findExperiment(Session session, String name) throws SQLException {
        return session.first(
                "SELECT experiment_id, name, lifecycle_stage FROM experiments WHERE name = ?",
                row -> new ExperimentRow(row.getLong(1), row.getString(2), ACTIVE.equals(row.getString(3))),
                name);
    }

    /** Adds a run. */
    public static void insert(Session session, RunRow run) throws SQLException {
        session.update(
                "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status,"
                        + " start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
                        + " VALUES (?, ?, 'UNKNOWN', '', '', ?, ?, ?, ?, '', ?, ?, ?)",
                run.id(),
                run.name(),
                run.user(),
                run.status(),
                run.startTime(),
                run.endTime().orElse(null),
                ACTIVE,
                run.artifactUri(),
                run.experimentId());
    }

    /** Sets the status of a run that has ended or has been resumed. */
    public static void setStatus(Session session, String id, String status, Optional<Long> endTime)
            throws SQLException {
        session.update("UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?", status, endTime.orElse(null), id);
    }

    /** The run with this id. */
    public static Optional<RunRow> byId(Session session, String id) throws SQLException {
        return session.first(SELECT + " AND run_uuid = ?", RunsTable::read, id);
    }

    /** Whether the id is taken, by a deleted run too. */
    public static boolean isTaken(Session session, String id) throws SQLException {
        return session.first("SELECT 1 FROM runs WHERE run_uuid = ?", row -> 1, id)
                .isPresent();
    }

    /** The ids that are not MLflow's; such runs are never read. */
    public static List<String> strangeIds(Session session) throws SQLException {
        return session.list("SELECT run_uuid FROM runs WHERE NOT (" + RUN_ID + ")", row -> row.getString(1));
    }

    /** Runs of one experiment or of all, newest first. */
    public static List<RunRow> newest(Session session, Optional<String> experiment, int limit) throws SQLException {
        String order = NEWEST_FIRST + " LIMIT ?";
        return experiment.isPresent()
                ? session.list(SELECT + " AND experiments.name = ?" + order, RunsTable::read, experiment.get(), limit)
                : session.list(SELECT + order, RunsTable::read, limit);
    }

    /**
     * Runs with this name, alone or behind the name of their experiment, with an id that starts with the text, or with
     * a tag whose key and value start as given; newest first.
     *
     * @param tag prefix of the tag's key
     */
    public static List<RunRow> called(Session session, String text, String tag) throws SQLException {
        return session.list(
                SELECT + " AND (substr(run_uuid, 1, length(?1)) = ?1 OR runs.name = ?1"
                        + " OR experiments.name || ' ' || runs.name = ?1 OR EXISTS (SELECT 1 FROM tags"
                        + " WHERE tags.run_uuid = runs.run_uuid AND substr(tags.key, 1, length(?2)) = ?2"
                        + " AND substr(tags.value, 1, length(?1)) = ?1))" + NEWEST_FIRST,
                RunsTable::read,
                text,
                tag);
    }

    /** Runs that have a tag, oldest first. */
    public static List<RunRow> tagged(Session session, String key) throws SQLException {
        return session.list(SELECT + " AND " + TAGGED + ")" + OLDEST_FIRST, RunsTable::read, key);
    }

    /** Runs that have a tag with this value, oldest first. */
    public static List<RunRow> tagged(Session session, String key, String value) throws SQLException {
        return session.list(SELECT + " AND " + TAGGED + " AND value = ?)" + OLDEST_FIRST, RunsTable::read, key, value);
    }

    private static RunRow read(ResultSet row) throws SQLException {
        return new RunRow(
                row.getString(1),
                row.getLong(2),
                row.getString(3),
                row.getString(4),
                row.getString(5),
                row.getString(6),
                row.getLong(7),
                row.getObject(8) == null ? Optional.empty() : Optional.of(row.getLong(8)),
                row.getString(9));
    }
}
