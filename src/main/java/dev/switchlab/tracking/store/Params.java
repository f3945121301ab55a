package dev.switchlab.tracking.store;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The table params. A param never changes once it is logged. */
final class Params {
    private Params() {}

    /** Adds one param; the same value again is fine. */
    static void log(Session session, String runId, KeyValue param) throws SQLException {
        Optional<String> known = insert(session, runId, param);
        if (known.isPresent()) {
            throw ApiException.invalid("Changing param values is not allowed. Param with key='" + param.key()
                    + "' was already logged with value='" + known.get() + "' for run ID='" + runId
                    + "'. Attempted logging new value '" + param.value() + "'.");
        }
    }

    /** Adds the params of a batch, all or none. */
    static void logAll(Session session, String runId, List<KeyValue> params) throws SQLException {
        List<String> changed = new ArrayList<>();
        for (KeyValue param : params) {
            insert(session, runId, param)
                    .ifPresent(known -> changed.add("{'key': '" + param.key() + "', 'old_value': '" + known
                            + "', 'new_value': '" + param.value() + "'}"));
        }
        if (!changed.isEmpty()) {
            throw ApiException.invalid("Changing param values is not allowed. Params were already logged='["
                    + String.join(", ", changed) + "]' for run ID='" + runId + "'.");
        }
    }

    /** Inserts a param unless its key is there; returns the value in the way when that differs. */
    private static Optional<String> insert(Session session, String runId, KeyValue param) throws SQLException {
        int inserted = session.update(
                "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?) ON CONFLICT (key, run_uuid) DO NOTHING",
                param.key(),
                param.value(),
                runId);
        if (inserted > 0) {
            return Optional.empty();
        }
        return session.first(
                        "SELECT value FROM params WHERE key = ? AND run_uuid = ?",
                        row -> row.getString(1),
                        param.key(),
                        runId)
                .filter(known -> !known.equals(param.value()));
    }

    static List<KeyValue> list(Session session, String runId) throws SQLException {
        return session.list(
                "SELECT key, value FROM params WHERE run_uuid = ? ORDER BY rowid",
                row -> new KeyValue(row.getString(1), row.getString(2)),
                runId);
    }
}
