package dev.switchlab.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.switchlab.runs.db.Database;
import dev.switchlab.runs.db.RunsTable;
import dev.switchlab.runs.db.RunsTable.RunRow;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The file of a new book against the description read off a real MLflow store, and files that are not ours. */
final class BookFileTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String REVISION = "0584bdc529eb";

    @TempDir
    Path folder;

    private BookRows rows;

    @BeforeEach
    void rows() {
        rows = new BookRows(folder);
    }

    @Test
    void hasEveryTableColumnKeyIndexAndCheckOfTheRealStore() throws Exception {
        Book.open(folder).close();
        JsonNode expected;
        try (InputStream in = BookFileTest.class.getResourceAsStream("schema-" + REVISION + ".json")) {
            expected = JSON.readTree(in);
        }
        List<String> tables = rows.texts("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
        List<String> described = new ArrayList<>();
        expected.get("tables").fieldNames().forEachRemaining(described::add);
        assertThat(tables).containsExactlyInAnyOrderElementsOf(described);
        for (String table : tables) {
            JsonNode description = expected.at("/tables/" + table);
            assertThat(json(rows.texts(
                            "SELECT json_object('name', name, 'type', type, 'not_null', json(iif(\"notnull\", 'true',"
                                    + " 'false')), 'default', dflt_value, 'pk', pk) FROM pragma_table_info('" + table
                                    + "')")))
                    .as(table)
                    .isEqualTo(list(description.get("columns")));
            assertThat(set(json(
                            rows.texts("SELECT json_object('column', \"from\", 'references', \"table\", 'on', \"to\","
                                    + " 'on_update', on_update, 'on_delete', on_delete) FROM pragma_foreign_key_list('"
                                    + table
                                    + "')"))))
                    .as(table)
                    .isEqualTo(set(list(description.get("foreign_keys"))));
            assertThat(set(json(rows.texts(
                            "SELECT json_object('name', name, 'unique', json(iif(\"unique\", 'true', 'false')),"
                                    + " 'origin', origin, 'columns', json((SELECT json_group_array(name) FROM"
                                    + " (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno))))"
                                    + " FROM pragma_index_list('" + table + "') l"))))
                    .as(table)
                    .isEqualTo(set(list(description.get("indexes"))));
            String sql = rows.texts("SELECT sql FROM sqlite_master WHERE name = '" + table + "'")
                    .get(0);
            description
                    .get("checks")
                    .properties()
                    .forEach(check -> assertThat(sql)
                            .as(table)
                            .contains("CONSTRAINT " + check.getKey() + " CHECK ("
                                    + check.getValue().asText()));
        }
        assertThat(rows.texts("SELECT version_num FROM alembic_version"))
                .containsExactly(expected.get("alembic_revision").asText());
        assertThat(rows.texts("PRAGMA journal_mode")).containsExactly("wal");
        assertThat(rows.integrity()).isEqualTo("ok");
    }

    private static List<JsonNode> json(List<String> texts) throws Exception {
        List<JsonNode> nodes = new ArrayList<>();
        for (String text : texts) {
            nodes.add(JSON.readTree(text));
        }
        return nodes;
    }

    private static List<JsonNode> list(JsonNode array) {
        List<JsonNode> nodes = new ArrayList<>();
        array.forEach(nodes::add);
        return nodes;
    }

    private static Set<String> set(List<JsonNode> nodes) {
        Set<String> texts = new TreeSet<>();
        nodes.forEach(node -> texts.add(new TreeSet<>(node.properties().stream()
                        .map(property -> property.getKey() + "=" + property.getValue())
                        .toList())
                .toString()));
        return texts;
    }

    @Test
    void artifactsWithoutTheirDatabaseAreNoticed() throws Exception {
        List<String> notices = new ArrayList<>();
        Book.Options options = Book.Options.of(List.of(), notices::add);
        Book.open(folder, options).close();
        assertThat(notices).isEmpty();
        Files.createDirectories(folder.resolve("mlartifacts/1/" + "3f2a".repeat(8) + "/artifacts"));
        Files.createDirectories(folder.resolve("mlartifacts/2/" + "91bc".repeat(8) + "/artifacts"));
        Book.open(folder, options).close();
        assertThat(notices).isEmpty();
        Files.delete(folder.resolve("mlflow.db"));
        Book.open(folder, options).close();
        assertThat(notices)
                .containsExactly(folder.resolve("mlflow.db") + " is missing, but mlartifacts beside it has"
                        + " files of 2 run(s): a new, empty book begins, which does not list these runs; to see them, put"
                        + " their mlflow.db back");
    }

    @Test
    void keepsSpecialValuesAsMlflowDoes() {
        try (Book book = Book.open(folder);
                BookLog log = TestRuns.start(book)) {
            log.metrics(1, Map.of("a", Double.NaN, "b", Double.POSITIVE_INFINITY, "c", Double.NEGATIVE_INFINITY));
            log.finish(RunStatus.FINISHED);
        }
        for (String table : List.of("metrics", "latest_metrics")) {
            assertThat(rows.texts("SELECT key || ' ' || typeof(value) || ' ' || (value = 0) || ' '"
                            + " || (value = 1.7976931348623157e308) || ' ' || (value = -1.7976931348623157e308)"
                            + " || ' ' || is_nan FROM " + table + " WHERE length(key) = 1 ORDER BY key"))
                    .containsExactly("a real 1 0 0 1", "b real 0 1 0 0", "c real 0 0 1 0");
        }
    }

    /** What MLflow 3.x does to the file when it opens it: new tables, and new columns that have a default. */
    @Test
    void aBookThatANewerMlflowHasUpgradedGoesOnBeingWritten() throws Exception {
        String before;
        try (Book book = Book.open(folder);
                BookLog log = TestRuns.start(book)) {
            before = log.runId();
            TestRuns.log(log, 1, 3);
        }
        rows.execute(
                "UPDATE alembic_version SET version_num = 'ffffffffffff'",
                "ALTER TABLE inputs ADD COLUMN step BIGINT NOT NULL DEFAULT 0",
                "ALTER TABLE experiments ADD COLUMN workspace VARCHAR(63) NOT NULL DEFAULT 'default'",
                "CREATE TABLE logged_models (model_id VARCHAR(36) PRIMARY KEY)",
                // It copies tables, which numbers their rows anew.
                "CREATE TABLE copied AS SELECT * FROM metrics ORDER BY random()",
                "DELETE FROM metrics",
                "INSERT INTO metrics SELECT * FROM copied",
                "DROP TABLE copied");
        try (Book book = Book.open(folder);
                BookLog old = book.resume(before, 2);
                BookLog fresh = TestRuns.start(book)) {
            TestRuns.log(old, 3, 5);
            TestRuns.log(fresh, 1, 3);
            old.finish(RunStatus.FINISHED);
            fresh.finish(RunStatus.FINISHED);
            assertThat(book.history(before, "train/loss"))
                    .extracting(MetricPoint::step)
                    .containsExactly(1L, 2L, 3L, 4L, 5L);
            assertThat(book.history(fresh.runId(), "train/loss")).hasSize(3);
        }
        assertThat(rows.texts("SELECT version_num FROM alembic_version")).containsExactly("ffffffffffff");
    }

    @Test
    void anUnknownRevisionThatDoesNotFitIsRefusedAndLeftAlone() throws Exception {
        Book.open(folder).close();
        rows.execute(
                "UPDATE alembic_version SET version_num = 'ffffffffffff'",
                "DROP TABLE input_tags",
                "CREATE TABLE input_tags (input_uuid VARCHAR(36) NOT NULL, name VARCHAR(255) NOT NULL,"
                        + " value VARCHAR(500) NOT NULL, owner VARCHAR(9) NOT NULL, PRIMARY KEY (input_uuid, name))",
                "PRAGMA journal_mode = DELETE");
        assertRefused("column input_tags.owner is new and needs a value");
        rows.execute("ALTER TABLE params DROP COLUMN value");
        assertRefused("mlflow.db: it has MLflow schema revision ffffffffffff", "column params.value is gone");
    }

    /** Root may write everywhere, so the way for users who may not is taken directly, with and without an index. */
    @Test
    void aBookThatMustNotBeWrittenCanBeRead() throws Exception {
        Path file = folder.resolve("mlflow.db");
        try (Book book = Book.open(folder);
                BookLog log = TestRuns.start(book)) {
            log.sync();
            try (Database reading = Database.readOnly(file, notice -> {})) {
                assertThat(reading.isReadOnly()).isTrue();
                Optional<RunRow> run = reading.read(session -> RunsTable.byId(session, log.runId()));
                assertThat(run).isPresent();
                assertThatThrownBy(() -> reading.write(session -> RunsTable.byId(session, log.runId())))
                        .hasMessageContaining("it can only be read: " + folder + " is not writable");
            }
        }
        byte[] before = Files.readAllBytes(file);
        try (Database reading = Database.readOnly(file, notice -> {})) {
            List<RunRow> runs = reading.read(session -> RunsTable.newest(session, Optional.empty(), 9));
            assertThat(runs).hasSize(1);
        }
        assertThat(file).hasBinaryContent(before);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aLockedBookNamesTheProcessThatItWaitsFor() throws Exception {
        List<String> notices = new CopyOnWriteArrayList<>();
        Path file = folder.resolve("mlflow.db");
        Database.open(file, notices::add).close();
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement lock = other.createStatement();
                Database waiting = Database.open(file, notices::add)) {
            lock.execute("BEGIN IMMEDIATE");
            CompletableFuture<Boolean> written = CompletableFuture.supplyAsync(() -> {
                try {
                    return waiting.write(session -> true);
                } catch (SQLException | IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            while (notices.isEmpty() && !written.isDone()) {
                Thread.sleep(20);
            }
            lock.execute("COMMIT");
            assertThat(written.get(1, TimeUnit.MINUTES)).isTrue();
        }
        assertThat(notices)
                .singleElement()
                .asString()
                .startsWith("waiting for ")
                .contains("which locks " + file);
        if (Files.isReadable(Path.of("/proc/locks"))) {
            assertThat(notices.get(0))
                    .contains("process " + ProcessHandle.current().pid() + " (");
        }
    }

    @Test
    void aFileOfAnotherProgramIsRefusedAndLeftAlone() throws Exception {
        rows.execute("CREATE TABLE recipes (name TEXT)");
        assertRefused("not an MLflow store");
        Files.writeString(
                folder.resolve("mlflow.db"), "a text of more than sixteen bytes, and no database at all".repeat(50));
        assertRefused("cannot open");
    }

    private void assertRefused(String... parts) throws Exception {
        byte[] before = Files.readAllBytes(folder.resolve("mlflow.db"));
        assertThatThrownBy(() -> Book.open(folder))
                .isInstanceOf(BookException.class)
                .hasMessageContainingAll(parts)
                .hasMessageNotContaining("\n");
        assertThat(folder.resolve("mlflow.db")).hasBinaryContent(before);
        assertThat(folder.toFile().list()).containsExactly("mlflow.db");
    }
}
