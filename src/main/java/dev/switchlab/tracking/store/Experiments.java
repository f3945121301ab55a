package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** The tables experiments and experiment_tags. */
final class Experiments {
    static final String DEFAULT_ID = "0";
    static final String COLUMNS =
            "experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time";
    private static final String ARTIFACT_ROOT = "mlflow-artifacts:/";

    private Experiments() {}

    /**
     * One experiment.
     *
     * @param creationTime milliseconds since 1970
     * @param lastUpdateTime milliseconds since 1970
     */
    record Experiment(
            long id,
            String name,
            String artifactLocation,
            String lifecycleStage,
            Optional<Long> creationTime,
            Optional<Long> lastUpdateTime) {

        boolean isActive() {
            return Lifecycle.ACTIVE.equals(lifecycleStage);
        }

        /** Writes the experiment as the object at the generator's position. */
        void write(JsonGenerator out, List<KeyValue> tags) throws IOException {
            out.writeStartObject();
            out.writeStringField("experiment_id", Long.toString(id));
            out.writeStringField("name", name);
            out.writeStringField("artifact_location", artifactLocation);
            out.writeStringField("lifecycle_stage", lifecycleStage);
            if (lastUpdateTime.isPresent()) {
                out.writeNumberField("last_update_time", lastUpdateTime.get());
            }
            if (creationTime.isPresent()) {
                out.writeNumberField("creation_time", creationTime.get());
            }
            KeyValue.write(out, "tags", tags);
            out.writeEndObject();
        }
    }

    static Experiment read(ResultSet row) throws SQLException {
        return new Experiment(
                row.getLong("experiment_id"),
                row.getString("name"),
                Optional.ofNullable(row.getString("artifact_location")).orElse(""),
                row.getString("lifecycle_stage"),
                Session.optionalLong(row, "creation_time"),
                Session.optionalLong(row, "last_update_time"));
    }

    /** The experiment that {@code mlflow server} expects in every store. */
    static void insertDefault(Session session, long now) throws SQLException {
        session.update(
                "INSERT INTO experiments (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?)",
                0,
                "Default",
                ARTIFACT_ROOT + DEFAULT_ID,
                Lifecycle.ACTIVE,
                now,
                now);
    }

    /** Inserts an experiment; an empty location means the served artifacts. Returns its id. */
    static long insert(Session session, String name, String artifactLocation, long now) throws SQLException {
        try {
            session.update(
                    "INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time)"
                            + " VALUES (?, ?, ?, ?, ?)",
                    name,
                    artifactLocation,
                    Lifecycle.ACTIVE,
                    now,
                    now);
        } catch (SQLiteException e) {
            throw nameTaken(name, e);
        }
        long id = session.first("SELECT last_insert_rowid()", row -> row.getLong(1))
                .orElseThrow();
        if (artifactLocation.isEmpty()) {
            session.update(
                    "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", ARTIFACT_ROOT + id, id);
        }
        return id;
    }

    /** The experiment with this id, deleted or not. */
    static Experiment require(Session session, String id) throws SQLException {
        Optional<Experiment> found = Optional.empty();
        if (id.matches("\\d{1,18}")) {
            found = session.first(
                    "SELECT " + COLUMNS + " FROM experiments WHERE experiment_id = ?",
                    Experiments::read,
                    Long.valueOf(id));
        }
        return found.orElseThrow(() -> ApiException.missing("No Experiment with id=" + id + " exists"));
    }

    /** The experiment with this id, which must be active. */
    static Experiment requireActive(Session session, String id) throws SQLException {
        Experiment experiment = require(session, id);
        if (!experiment.isActive()) {
            throw ApiException.invalid("The experiment " + id + " must be in the 'active' state. Current state is "
                    + experiment.lifecycleStage() + ".");
        }
        return experiment;
    }

    static Optional<Experiment> byName(Session session, String name) throws SQLException {
        return session.first("SELECT " + COLUMNS + " FROM experiments WHERE name = ?", Experiments::read, name);
    }

    static void rename(Session session, long id, String name, long now) throws SQLException {
        try {
            session.update(
                    "UPDATE experiments SET name = ?, last_update_time = ? WHERE experiment_id = ?", name, now, id);
        } catch (SQLiteException e) {
            throw nameTaken(name, e);
        }
    }

    /** Deletes (marks) an active experiment and its runs. */
    static void delete(Session session, Experiment experiment, long now) throws SQLException {
        setStage(session, experiment, Lifecycle.DELETED, now);
        session.update(
                "UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE experiment_id = ?",
                Lifecycle.DELETED,
                now,
                experiment.id());
    }

    /** Takes back {@link #delete}, runs included. */
    static void restore(Session session, Experiment experiment, long now) throws SQLException {
        setStage(session, experiment, Lifecycle.ACTIVE, now);
        session.update(
                "UPDATE runs SET lifecycle_stage = ?, deleted_time = NULL WHERE experiment_id = ?",
                Lifecycle.ACTIVE,
                experiment.id());
    }

    static void setTag(Session session, long id, KeyValue tag) throws SQLException {
        session.update(
                "INSERT INTO experiment_tags (key, value, experiment_id) VALUES (?, ?, ?)"
                        + " ON CONFLICT (key, experiment_id) DO UPDATE SET value = excluded.value",
                tag.key(),
                tag.value(),
                id);
    }

    /** Removes a tag; false when there was none. */
    static boolean deleteTag(Session session, long id, String key) throws SQLException {
        return session.update("DELETE FROM experiment_tags WHERE experiment_id = ? AND key = ?", id, key) > 0;
    }

    static List<KeyValue> tags(Session session, long id) throws SQLException {
        return session.list(
                "SELECT key, value FROM experiment_tags WHERE experiment_id = ? ORDER BY rowid",
                row -> new KeyValue(
                        row.getString(1), Optional.ofNullable(row.getString(2)).orElse("")),
                id);
    }

    private static void setStage(Session session, Experiment experiment, String stage, long now) throws SQLException {
        session.update(
                "UPDATE experiments SET lifecycle_stage = ?, last_update_time = ? WHERE experiment_id = ?",
                stage,
                now,
                experiment.id());
    }

    private static RuntimeException nameTaken(String name, SQLiteException e) throws SQLiteException {
        if (e.getResultCode() != SQLiteErrorCode.SQLITE_CONSTRAINT_UNIQUE) {
            throw e;
        }
        return new ApiException(
                ErrorCode.RESOURCE_ALREADY_EXISTS,
                "Experiment(name=" + name + ") already exists. Error: UNIQUE constraint failed: experiments.name."
                        + " A deleted experiment keeps its name: restore it or choose another name.",
                e);
    }
}
