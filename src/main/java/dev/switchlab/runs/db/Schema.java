package dev.switchlab.runs.db;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** MLflow's tables at the Alembic revision that this program reads and writes. */
final class Schema {
    /** Alembic revision of MLflow 2.17 to 2.22; MLflow 3.x upgrades it by itself when it opens the store. */
    static final String REVISION = "0584bdc529eb";

    private static final String RESOURCE = "schema-" + REVISION + ".sql";

    private Schema() {}

    /**
     * Checks that the file is empty, a store of {@link #REVISION}, or one that can be written as such; reads only.
     *
     * @throws DatabaseException if it is anything else
     */
    static void checkRevision(Session session, Path file) throws SQLException, IOException {
        List<String> tables = session.list(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
                row -> row.getString(1));
        if (tables.isEmpty()) {
            return;
        }
        if (!tables.contains("alembic_version")) {
            throw new DatabaseException(
                    file + " is a SQLite file but not an MLflow store (it has no table alembic_version);"
                            + " allowed: an MLflow store or no file, e.g. another runs folder");
        }
        List<String> revisions = session.list("SELECT version_num FROM alembic_version", row -> row.getString(1));
        if (revisions.equals(List.of(REVISION))) {
            return;
        }
        Optional<String> obstacle = NewerSchema.obstacle(session, statements());
        if (obstacle.isPresent()) {
            throw new DatabaseException(file + " has MLflow schema revision " + String.join(", ", revisions)
                    + ", which cannot be written here (" + obstacle.get()
                    + "): a newer MLflow has upgraded it; serve it with that MLflow, name that server"
                    + " (MLFLOW_TRACKING_URI), and use another runs folder");
        }
    }

    /**
     * Creates tables, indexes, revision and the default experiment in an empty file; one transaction, so all or
     * nothing.
     */
    static void createIfAbsent(Session session, Path file) throws SQLException, IOException {
        // Again, now holding the write lock: another process may have created the store since the first check.
        checkRevision(session, file);
        if (session.first("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'", row -> 1)
                .isPresent()) {
            return;
        }
        for (String statement : statements()) {
            session.execute(statement);
        }
        session.update("INSERT INTO alembic_version (version_num) VALUES (?)", REVISION);
        ExperimentsTable.insertDefault(session, System.currentTimeMillis());
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
}
