package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;

/** The table runs. */
final class Runs {
    static final Set<String> STATUSES = Set.of("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED");
    static final String COLUMNS =
            "run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id";

    private Runs() {}

    /**
     * What MLflow calls RunInfo.
     *
     * @param startTime milliseconds since 1970
     * @param endTime milliseconds since 1970
     */
    record Run(
            String id,
            long experimentId,
            String name,
            String userId,
            String status,
            Optional<Long> startTime,
            Optional<Long> endTime,
            String artifactUri,
            String lifecycleStage) {

        /** Writes the run info as the object at the generator's position. */
        void write(JsonGenerator out) throws IOException {
            out.writeStartObject();
            out.writeStringField("run_uuid", id);
            out.writeStringField("experiment_id", Long.toString(experimentId));
            out.writeStringField("run_name", name);
            out.writeStringField("user_id", userId);
            out.writeStringField("status", status);
            if (startTime.isPresent()) {
                out.writeNumberField("start_time", startTime.get());
            }
            if (endTime.isPresent()) {
                out.writeNumberField("end_time", endTime.get());
            }
            out.writeStringField("artifact_uri", artifactUri);
            out.writeStringField("lifecycle_stage", lifecycleStage);
            out.writeStringField("run_id", id);
            out.writeEndObject();
        }
    }

    static Run read(ResultSet row) throws SQLException {
        return new Run(
                row.getString("run_uuid"),
                row.getLong("experiment_id"),
                text(row, "name"),
                text(row, "user_id"),
                text(row, "status"),
                Session.optionalLong(row, "start_time"),
                Session.optionalLong(row, "end_time"),
                text(row, "artifact_uri"),
                row.getString("lifecycle_stage"));
    }

    private static String text(ResultSet row, String column) throws SQLException {
        String value = row.getString(column);
        return value == null ? "" : value;
    }

    static void insert(Session session, Run run) throws SQLException {
        session.update(
                "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
                        + " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
                        + " VALUES (?, ?, 'UNKNOWN', '', '', ?, ?, ?, NULL, '', ?, ?, ?)",
                run.id(),
                run.name(),
                run.userId(),
                run.status(),
                run.startTime().orElse(null),
                run.lifecycleStage(),
                run.artifactUri(),
                run.experimentId());
    }

    /** The run with this id, deleted or not. */
    static Run require(Session session, String id) throws SQLException {
        return session.first("SELECT " + COLUMNS + " FROM runs WHERE run_uuid = ?", Runs::read, id)
                .orElseThrow(() -> ApiException.missing("Run with id=" + id + " not found"));
    }

    /** The run with this id, which must be active; its status does not matter, as in MLflow. */
    static Run requireActive(Session session, String id) throws SQLException {
        Run run = require(session, id);
        if (!run.lifecycleStage().equals(Lifecycle.ACTIVE)) {
            throw ApiException.invalid(
                    "The run " + id + " must be in the 'active' state. Current state is " + run.lifecycleStage() + ".");
        }
        return run;
    }

    static void setStatus(Session session, String id, String status) throws SQLException {
        session.update("UPDATE runs SET status = ? WHERE run_uuid = ?", status, id);
    }

    static void setEndTime(Session session, String id, long millis) throws SQLException {
        session.update("UPDATE runs SET end_time = ? WHERE run_uuid = ?", millis, id);
    }

    static void setName(Session session, String id, String name) throws SQLException {
        session.update("UPDATE runs SET name = ? WHERE run_uuid = ?", name, id);
    }

    static void delete(Session session, String id, long now) throws SQLException {
        session.update(
                "UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE run_uuid = ?", Lifecycle.DELETED, now, id);
    }

    static void restore(Session session, String id) throws SQLException {
        session.update(
                "UPDATE runs SET lifecycle_stage = ?, deleted_time = NULL WHERE run_uuid = ?", Lifecycle.ACTIVE, id);
    }
}
