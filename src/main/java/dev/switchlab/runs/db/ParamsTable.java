package dev.switchlab.runs.db;

import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The table params. A param never changes once it is logged. */
public final class ParamsTable {
    private ParamsTable() {}

    /**
     * Adds params; a param that is there stays as it is.
     *
     * @return how many were added
     */
    public static int log(Session session, String runId, Map<String, String> params) throws SQLException {
        int added = 0;
        for (Map.Entry<String, String> param : params.entrySet()) {
            added += session.update(
                    "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?) ON CONFLICT (key, run_uuid) DO NOTHING",
                    param.getKey(),
                    param.getValue(),
                    runId);
        }
        return added;
    }

    /** The params of a run, in order of logging. */
    public static Map<String, String> of(Session session, String runId) throws SQLException {
        Map<String, String> params = new LinkedHashMap<>();
        session.list(
                "SELECT key, value FROM params WHERE run_uuid = ? ORDER BY rowid",
                row -> params.put(row.getString(1), row.getString(2)),
                runId);
        return params;
    }
}
