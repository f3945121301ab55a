package dev.switchlab.tracking.store;

import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** The table tags, of runs. The tag {@link #RUN_NAME} and the run's name column always agree. */
final class Tags {
    static final String RUN_NAME = "mlflow.runName";

    private Tags() {}

    static void set(Session session, String runId, KeyValue tag) throws SQLException {
        session.update(
                "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)"
                        + " ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value",
                tag.key(),
                tag.value(),
                runId);
        if (tag.key().equals(RUN_NAME)) {
            Runs.setName(session, runId, tag.value());
        }
    }

    /** Removes a tag; false when there was none. */
    static boolean delete(Session session, String runId, String key) throws SQLException {
        return session.update("DELETE FROM tags WHERE run_uuid = ? AND key = ?", runId, key) > 0;
    }

    static Optional<String> get(Session session, String runId, String key) throws SQLException {
        return session.first(
                "SELECT value FROM tags WHERE run_uuid = ? AND key = ?", row -> row.getString(1), runId, key);
    }

    static List<KeyValue> list(Session session, String runId) throws SQLException {
        return session.list(
                "SELECT key, value FROM tags WHERE run_uuid = ? ORDER BY rowid",
                row -> new KeyValue(
                        row.getString(1), Optional.ofNullable(row.getString(2)).orElse("")),
                runId);
    }
}
