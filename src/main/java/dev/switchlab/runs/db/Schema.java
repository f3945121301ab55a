package dev.switchlab.runs.db;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** MLflow's tables at the Alembic revision that this program reads and writes. */
final class Schema {
    /** Alembic revision of MLflow 2.17 to 2.22; MLflow 3.x upgrades the store when opening it. */
    static final String REVISION = "0584bdc529eb";

    private static final String RESOURCE = "schema-" + REVISION + ".sql";

    private static final List<String> WRITTEN = List.of(
            "experiments",
            "experiment_tags",
            "runs",
            "metrics",
            "latest_metrics",
            "params",
            "tags",
            "datasets",
            "inputs",
            "input_tags");

    private Schema() {}

    /**
     * Checks that the file is empty, a store of {@link #REVISION}, or a newer store that can be written in the same
     * way. Reads only.
     *
     * @throws IOException if the file is anything else
     */
    static void checkRevision(Session session) throws SQLException, IOException {
        List<String> tables = session.list(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
                row -> row.getString(1));
        if (tables.isEmpty()) {
            return;
        }
        if (!tables.contains("alembic_version")) {
            throw new IOException("it is a SQLite file but not an MLflow store (it has no table alembic_version);"
                    + " allowed: an MLflow store or no file, e.g. another runs folder");
        }
        List<String> revisions = session.list("SELECT version_num FROM alembic_version", row -> row.getString(1));
        if (revisions.equals(List.of(REVISION))) {
            return;
        }
        Optional<String> obstacle = obstacle(session);
        if (obstacle.isPresent()) {
            throw new IOException("it has MLflow schema revision " + String.join(", ", revisions)
                    + ", which cannot be written here (" + obstacle.get()
                    + "): a newer MLflow has upgraded it; serve it with that MLflow, name that server"
                    + " (MLFLOW_TRACKING_URI), and use another runs folder");
        }
    }

    /** Creates tables, indexes, revision and the default experiment in an empty file, in one transaction. */
    static void createIfAbsent(Session session) throws SQLException, IOException {
        // Checked again with the write lock: another process may have created the store since the first check.
        checkRevision(session);
        if (session.first("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'", row -> 1)
                .isPresent()) {
            return;
        }
        for (String statement : statements()) {
            session.execute(statement);
        }
        session.update("INSERT INTO alembic_version (version_num) VALUES (?)", REVISION);
        RunsTable.insertDefaultExperiment(session, System.currentTimeMillis());
    }

    private static List<String> statements() throws IOException {
        try (InputStream in = Schema.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IOException("resource " + RESOURCE + " is missing from the class path");
            }
            String script = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            String withoutComments = script.replaceAll("(?m)^--.*$", "");
            return Arrays.stream(withoutComments.split(";"))
                    .map(String::strip)
                    .filter(statement -> !statement.isEmpty())
                    .toList();
        }
    }

    private record Column(String name, String type, boolean required, int keyPosition) {}

    /**
     * Why a store that a newer MLflow has upgraded cannot be written; empty if it can. MLflow 3.x upgrades the file
     * when opening it, for example by {@code mlflow server}, and training must continue after that.
     *
     * <p>Decided by the schema, not by a list of revisions: every table that this program writes must have the known
     * columns with the same types and primary key, and every unknown column must be nullable or have a default.
     */
    private static Optional<String> obstacle(Session store) throws SQLException, IOException {
        try (Session own = new Session(DriverManager.getConnection("jdbc:sqlite::memory:"))) {
            for (String statement : statements()) {
                own.execute(statement);
            }
            for (String table : WRITTEN) {
                Optional<String> obstacle = obstacle(table, columns(own, table), columns(store, table));
                if (obstacle.isPresent()) {
                    return obstacle;
                }
            }
            return Optional.empty();
        }
    }

    private static Optional<String> obstacle(String table, List<Column> own, List<Column> found) {
        List<Column> unknown = new ArrayList<>(found);
        for (Column column : own) {
            Optional<Column> same =
                    found.stream().filter(c -> c.name().equals(column.name())).findFirst();
            if (same.isEmpty()) {
                return Optional.of("column " + table + "." + column.name() + " is gone");
            }
            unknown.remove(same.get());
            if (!same.get().type().equals(column.type()) || same.get().keyPosition() != column.keyPosition()) {
                return Optional.of("column " + table + "." + column.name() + " has changed");
            }
        }
        return unknown.stream()
                .filter(Column::required)
                .findFirst()
                .map(c -> "column " + table + "." + c.name() + " is new and needs a value");
    }

    private static List<Column> columns(Session session, String table) throws SQLException {
        return session.list(
                "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('" + table + "')",
                row -> new Column(
                        row.getString(1),
                        baseType(row.getString(2)),
                        (row.getInt(3) != 0 || row.getInt(5) != 0) && row.getString(4) == null,
                        row.getInt(5)));
    }

    /** The type without its length, which SQLite ignores. */
    private static String baseType(String type) {
        return type.replaceAll("\\(.*", "").strip().toUpperCase(Locale.ROOT);
    }
}
