package dev.switchlab.runs.db;

import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The table tags, of runs. The tag {@value #RUN_NAME} and the run's name column always agree. */
public final class TagsTable {
    /** The tag that MLflow shows as the run's name. */
    public static final String RUN_NAME = "mlflow.runName";

    private TagsTable() {}

    /** Sets tags; those that are there get new values. */
    public static void set(Session session, String runId, Map<String, String> tags) throws SQLException {
        for (Map.Entry<String, String> tag : tags.entrySet()) {
            session.update(
                    "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)"
                            + " ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value",
                    tag.getKey(),
                    tag.getValue(),
                    runId);
            if (tag.getKey().equals(RUN_NAME)) {
                session.update("UPDATE runs SET name = ? WHERE run_uuid = ?", tag.getValue(), runId);
            }
        }
    }

    /** The tags of a run, in order of logging. */
    public static Map<String, String> of(Session session, String runId) throws SQLException {
        Map<String, String> tags = new LinkedHashMap<>();
        session.list(
                "SELECT key, value FROM tags WHERE run_uuid = ? ORDER BY rowid",
                row -> tags.put(
                        row.getString(1), Optional.ofNullable(row.getString(2)).orElse("")),
                runId);
        return tags;
    }
}
