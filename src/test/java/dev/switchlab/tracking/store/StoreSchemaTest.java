package dev.switchlab.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The created database against the description read off a real MLflow store, and what happens with databases that are not ours. */
class StoreSchemaTest {
    @TempDir
    Path runs;

    @Test
    void hasEveryTableColumnKeyIndexAndCheckOfTheRealStore() throws Exception {
        TrackingServer.start(StoreConfig.of(runs)).close();

        JsonNode expected;
        try (InputStream in = StoreSchemaTest.class.getResourceAsStream("schema-" + Schema.REVISION + ".json")) {
            expected = StoreClient.MAPPER.readTree(in);
        }
        try (Connection connection = open()) {
            Set<String> tables =
                    new TreeSet<>(texts(connection, "SELECT name FROM sqlite_master WHERE type = 'table'"));
            Set<String> expectedTables = new TreeSet<>();
            expected.get("tables").fieldNames().forEachRemaining(expectedTables::add);
            assertThat(tables).isEqualTo(expectedTables);
            for (String table : tables) {
                JsonNode description = expected.at("/tables/" + table);
                assertThat(columns(connection, table)).as(table).isEqualTo(description.get("columns"));
                assertThat(foreignKeys(connection, table)).as(table).isEqualTo(asSet(description.get("foreign_keys")));
                assertThat(indexes(connection, table)).as(table).isEqualTo(asSet(description.get("indexes")));
                String sql = texts(connection, "SELECT sql FROM sqlite_master WHERE name = '" + table + "'")
                        .get(0);
                description
                        .get("checks")
                        .properties()
                        .forEach(check -> assertThat(sql)
                                .as(table)
                                .contains("CONSTRAINT " + check.getKey() + " CHECK ("
                                        + check.getValue().asText()));
            }
            assertThat(texts(connection, "SELECT version_num FROM alembic_version"))
                    .containsExactly(expected.get("alembic_revision").asText());
            assertThat(texts(connection, "PRAGMA journal_mode")).containsExactly("wal");
            assertThat(texts(connection, "PRAGMA integrity_check")).containsExactly("ok");
        }
    }

    @Test
    void keepsAnExistingStoreOverRestarts() throws Exception {
        String runId;
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
            StoreClient client = new StoreClient(server.uri());
            runId = client.createRun("0", "first");
            client.post(
                    "runs/log-batch", "{'run_id':'" + runId + "','metrics':[{'key':'x','value':1.5,'timestamp':1}]}");
        }
        assertThat(runs.toFile().list()).containsExactlyInAnyOrder("mlflow.db");
        for (int restart = 0; restart < 3; restart++) {
            try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
                JsonNode run = new StoreClient(server.uri())
                        .get("runs/get", Map.of("run_id", runId))
                        .json();
                assertThat(run.at("/run/info/run_name").asText()).isEqualTo("first");
                assertThat(run.at("/run/data/metrics/0/value").asDouble()).isEqualTo(1.5);
            }
        }
    }

    @Test
    void storesSpecialValuesAsMlflowDoes() throws Exception {
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
            StoreClient client = new StoreClient(server.uri());
            String runId = client.createRun("0", "special");
            client.post(
                    "runs/log-batch",
                    "{'run_id':'" + runId + "','metrics':[{'key':'a','value':'NaN','timestamp':1},"
                            + "{'key':'b','value':'Infinity','timestamp':1},{'key':'c','value':'-Infinity','timestamp':1}]}");
        }
        try (Connection connection = open()) {
            for (String table : List.of("metrics", "latest_metrics")) {
                assertThat(texts(
                                connection,
                                "SELECT key || ' ' || typeof(value) || ' ' || (value = 0) || ' '"
                                        + " || (value = 1.7976931348623157e308) || ' ' || (value = -1.7976931348623157e308)"
                                        + " || ' ' || is_nan FROM " + table + " ORDER BY key"))
                        .containsExactly("a real 1 0 0 1", "b real 0 1 0 0", "c real 0 0 1 0");
            }
        }
    }

    @Test
    void refusesAnUnknownRevisionAndLeavesTheFileAlone() throws Exception {
        TrackingServer.start(StoreConfig.of(runs)).close();
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'");
            statement.execute("ALTER TABLE params DROP COLUMN value");
            statement.execute("PRAGMA journal_mode = DELETE");
        }
        byte[] before = Files.readAllBytes(runs.resolve("mlflow.db"));
        assertThatThrownBy(() -> TrackingServer.start(StoreConfig.of(runs)))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("mlflow.db has MLflow schema revision ffffffffffff")
                .hasMessageContaining("column params.value is gone")
                .hasMessageNotContaining("\n");
        assertThat(Files.readAllBytes(runs.resolve("mlflow.db"))).isEqualTo(before);
        assertThat(runs.toFile().list()).containsExactly("mlflow.db");
    }

    /** What MLflow 3.x does to the file when it opens it: new tables, and new columns that have a default. */
    @Test
    void writesAStoreThatANewerMlflowHasUpgraded() throws Exception {
        TrackingServer.start(StoreConfig.of(runs)).close();
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'");
            statement.execute("ALTER TABLE inputs ADD COLUMN step BIGINT NOT NULL DEFAULT 0");
            statement.execute("ALTER TABLE experiments ADD COLUMN workspace VARCHAR(63) NOT NULL DEFAULT 'default'");
            statement.execute("CREATE TABLE logged_models (model_id VARCHAR(36) PRIMARY KEY)");
        }
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
            assertThat(server.uri()).isNotNull();
        }
        try (Connection connection = open()) {
            assertThat(texts(connection, "SELECT version_num FROM alembic_version"))
                    .containsExactly("ffffffffffff");
        }
    }

    @Test
    void refusesANewColumnThatNeedsAValue() throws Exception {
        TrackingServer.start(StoreConfig.of(runs)).close();
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'");
            statement.execute("DROP TABLE input_tags");
            statement.execute("CREATE TABLE input_tags (input_uuid VARCHAR(36) NOT NULL, name VARCHAR(255) NOT NULL,"
                    + " value VARCHAR(500) NOT NULL, owner VARCHAR(9) NOT NULL, PRIMARY KEY (input_uuid, name))");
        }
        assertThatThrownBy(() -> TrackingServer.start(StoreConfig.of(runs)))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("column input_tags.owner is new and needs a value");
    }

    @Test
    void refusesADatabaseOfAnotherProgram() throws Exception {
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE recipes (name TEXT)");
        }
        assertThatThrownBy(() -> TrackingServer.start(StoreConfig.of(runs)))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("not an MLflow store")
                .hasMessageNotContaining("\n");
    }

    @Test
    void refusesAFileThatIsNoDatabase() throws Exception {
        Files.writeString(
                runs.resolve("mlflow.db"), "a text of more than sixteen bytes, and no database at all".repeat(50));
        assertThatThrownBy(() -> TrackingServer.start(StoreConfig.of(runs)))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("cannot open the tracking store")
                .hasMessageNotContaining("\n");
    }

    private Connection open() throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + runs.resolve("mlflow.db"));
    }

    private static List<String> texts(Connection connection, String sql) throws SQLException {
        List<String> result = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                result.add(rows.getString(1));
            }
        }
        return result;
    }

    private static JsonNode columns(Connection connection, String table) throws SQLException {
        ArrayNode columns = StoreClient.MAPPER.createArrayNode();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("PRAGMA table_info(" + table + ")")) {
            while (rows.next()) {
                columns.addObject()
                        .put("name", rows.getString("name"))
                        .put("type", rows.getString("type"))
                        .put("not_null", rows.getInt("notnull") != 0)
                        .put("default", rows.getString("dflt_value"))
                        .put("pk", rows.getInt("pk"));
            }
        }
        return columns;
    }

    private static Set<String> foreignKeys(Connection connection, String table) throws SQLException {
        Set<String> keys = new TreeSet<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("PRAGMA foreign_key_list(" + table + ")")) {
            while (rows.next()) {
                ObjectNode key = StoreClient.MAPPER.createObjectNode();
                key.put("column", rows.getString("from"));
                key.put("references", rows.getString("table"));
                key.put("on", rows.getString("to"));
                key.put("on_update", rows.getString("on_update"));
                key.put("on_delete", rows.getString("on_delete"));
                keys.add(key.toString());
            }
        }
        return keys;
    }

    private static Set<String> indexes(Connection connection, String table) throws SQLException {
        Set<String> indexes = new TreeSet<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("PRAGMA index_list(" + table + ")")) {
            while (rows.next()) {
                ObjectNode index = StoreClient.MAPPER.createObjectNode();
                index.put("name", rows.getString("name"));
                index.put("unique", rows.getInt("unique") != 0);
                index.put("origin", rows.getString("origin"));
                ArrayNode columns = index.putArray("columns");
                texts(connection, "SELECT name FROM pragma_index_info('" + rows.getString("name") + "') ORDER BY seqno")
                        .forEach(columns::add);
                indexes.add(index.toString());
            }
        }
        return indexes;
    }

    private static Set<String> asSet(JsonNode elements) {
        Set<String> set = new TreeSet<>();
        elements.forEach(element -> set.add(element.toString()));
        return set;
    }
}
