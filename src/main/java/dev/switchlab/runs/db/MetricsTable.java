package dev.switchlab.runs.db;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** The tables metrics (every point) and latest_metrics (one point per key and run). */
public final class MetricsTable {
    // The whole content of a point is its primary key, so a conflict means that the point is already stored.
    private static final String INSERT =
            "INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)"
                    + " ON CONFLICT DO NOTHING";
    private static final String UPSERT_LATEST =
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)"
                    + " ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value,"
                    + " timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan"
                    + " WHERE (excluded.step, excluded.timestamp, excluded.value)"
                    + " > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)";
    private static final String SELECT = "SELECT key, value, timestamp, step, is_nan FROM ";

    private MetricsTable() {}

    /** Adds points to a run and updates its latest values. */
    public static void log(Session session, String runId, List<PointRow> points) throws SQLException {
        insertAll(session.prepare(INSERT), runId, points);
        insertAll(session.prepare(UPSERT_LATEST), runId, points);
    }

    private static void insertAll(PreparedStatement statement, String runId, List<PointRow> points)
            throws SQLException {
        for (PointRow point : points) {
            statement.setString(1, point.key());
            statement.setDouble(2, point.value());
            statement.setLong(3, point.timestamp());
            statement.setLong(4, point.step());
            statement.setInt(5, point.nan() ? 1 : 0);
            statement.setString(6, runId);
            statement.addBatch();
        }
        statement.executeBatch();
    }

    /** The latest point of every key, in order of first appearance. */
    public static List<PointRow> latest(Session session, String runId) throws SQLException {
        return session.list(SELECT + "latest_metrics WHERE run_uuid = ? ORDER BY rowid", MetricsTable::read, runId);
    }

    /**
     * Points of one key in order of (timestamp, step, value).
     *
     * @param from the earliest timestamp
     */
    public static List<PointRow> history(Session session, String runId, String key, long from) throws SQLException {
        // The unary plus keeps SQLite off the index on run_uuid, which would sort every point of the run; the primary
        // key's index holds the answer in order.
        return session.list(
                SELECT + "metrics WHERE key = ? AND timestamp >= ? AND +run_uuid = ? ORDER BY timestamp, step, value",
                MetricsTable::read,
                key,
                from,
                runId);
    }

    private static PointRow read(ResultSet row) throws SQLException {
        return new PointRow(row.getString(1), row.getDouble(2), row.getLong(3), row.getLong(4), row.getInt(5) != 0);
    }
}
