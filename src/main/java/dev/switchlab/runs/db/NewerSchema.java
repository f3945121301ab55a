package dev.switchlab.runs.db;

import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether a store that a newer MLflow has upgraded can still be written as before. MLflow 3.x upgrades the file when it
 * opens it, which is what looking at one's runs with {@code mlflow server} does: training has to go on after that.
 *
 * <p>Decided by looking, not by a list of revisions: in every table that this program writes, its columns must be there
 * with the same types and primary key, and every column it does not know must be nullable or have a default.
 */
final class NewerSchema {

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

    private NewerSchema() {}

    private record Column(String name, String type, boolean required, int keyPosition) {}

    /**
     * The first reason why {@code store} cannot be written, or empty.
     *
     * @param statements the DDL of the schema that this program writes
     */
    static Optional<String> obstacle(Session store, List<String> statements) throws SQLException {
        try (Session own = new Session(DriverManager.getConnection("jdbc:sqlite::memory:"))) {
            for (String statement : statements) {
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

    /** VARCHAR(500) and VARCHAR(8000) are the same to SQLite. */
    private static String baseType(String type) {
        return type.replaceAll("\\(.*", "").strip().toUpperCase(Locale.ROOT);
    }
}
