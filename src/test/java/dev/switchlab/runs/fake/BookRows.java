package dev.switchlab.runs.fake;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Reads a book of runs by SQL and from its folder, as another program would: nothing here is ours. */
public record BookRows(Path folder) {

    /** A point of a metric. */
    public record Point(String key, long step, long timestamp, double value) {}

    /** Ids of all runs, the oldest first; none if there is no book yet. */
    public List<String> runs() {
        boolean begun = Files.exists(folder.resolve("mlflow.db"))
                && !texts("SELECT name FROM sqlite_master WHERE name = 'alembic_version'")
                        .isEmpty();
        if (!begun) {
            return List.of();
        }
        return texts("SELECT run_uuid FROM runs ORDER BY start_time, rowid");
    }

    public String newest() {
        List<String> runs = runs();
        return runs.get(runs.size() - 1);
    }

    public String status(String run) {
        return texts("SELECT status FROM runs WHERE run_uuid = ?", run).get(0);
    }

    /** All points of a run, in a fixed order. */
    public List<Point> points(String run) {
        return query(
                "SELECT key, step, timestamp, value, is_nan FROM metrics WHERE run_uuid = ?"
                        + " ORDER BY key, timestamp, step, value",
                row -> new Point(
                        row.getString(1), row.getLong(2), row.getLong(3), value(row.getDouble(4), row.getInt(5))),
                run);
    }

    private static double value(double value, int isNan) {
        return isNan == 0 ? value : Double.NaN;
    }

    /** The largest step of a metric, -1 if there is none. */
    public long lastStep(String run, String key) {
        return Long.parseLong(
                texts("SELECT coalesce(max(step), -1) FROM metrics WHERE key = ? AND run_uuid = ?", key, run)
                        .get(0));
    }

    public Map<String, String> params(String run) {
        return pairs("SELECT key, value FROM params WHERE run_uuid = ?", run);
    }

    public Map<String, String> tags(String run) {
        return pairs("SELECT key, value FROM tags WHERE run_uuid = ?", run);
    }

    /** Datasets as "name digest". */
    public List<String> datasets(String run) {
        return texts(
                "SELECT d.name || ' ' || d.digest FROM datasets d JOIN inputs i ON i.source_id = d.dataset_uuid"
                        + " WHERE i.destination_id = ? ORDER BY 1",
                run);
    }

    /** Bytes of the run's files, by path. */
    public Map<String, byte[]> artifacts(String run) throws IOException {
        String uri =
                texts("SELECT artifact_uri FROM runs WHERE run_uuid = ?", run).get(0);
        return files(folder.resolve("mlartifacts").resolve(uri.substring("mlflow-artifacts:/".length())));
    }

    public static Map<String, byte[]> files(Path root) throws IOException {
        Map<String, byte[]> contents = new TreeMap<>();
        if (!Files.isDirectory(root)) {
            return contents;
        }
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(root.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
        return contents;
    }

    /** SQLite's own opinion: "ok". */
    public String integrity() {
        return String.join("; ", texts("PRAGMA integrity_check"));
    }

    private Map<String, String> pairs(String sql, String run) {
        Map<String, String> pairs = new TreeMap<>();
        query(sql, row -> pairs.put(row.getString(1), row.getString(2)), run);
        return pairs;
    }

    /** The first column of a query. */
    public List<String> texts(String sql, String... arguments) {
        return query(sql, row -> row.getString(1), arguments);
    }

    private interface Reader<T> {
        T read(ResultSet row) throws SQLException;
    }

    private <T> List<T> query(String sql, Reader<T> reader, String... arguments) {
        try (Connection connection = connect();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setString(i + 1, arguments[i]);
            }
            List<T> rows = new ArrayList<>();
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    rows.add(reader.read(result));
                }
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    /** Changes the file as another program might. */
    public void execute(String... statements) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private Connection connect() throws SQLException {
        Connection connection = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("mlflow.db"));
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout = 20000");
        }
        return connection;
    }
}
