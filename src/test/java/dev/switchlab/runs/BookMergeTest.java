package dev.switchlab.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.runs.BookMerge.Merged;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.train.RunLock;
import dev.switchlab.train.RunStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs of one book on their way into another. */
@Timeout(120)
@Tag("slow")
final class BookMergeTest {
    /** Bytes of one page of SQLite's file. */
    private static final int PAGE = 4096;

    @TempDir
    Path folder;

    private final List<String> notices = new ArrayList<>();
    private BookRows here;
    private BookRows there;

    @BeforeEach
    void rows() {
        here = new BookRows(folder.resolve("here"));
        there = new BookRows(folder.resolve("there"));
    }

    private Book open(BookRows rows) {
        return Book.open(rows.folder(), new Book.Options(List.of(), Duration.ZERO, notices::add));
    }

    private Merged merge() {
        try (Book book = open(here)) {
            return BookMerge.all(there.folder(), book);
        }
    }

    /** A run with three steps, an odd value, and files. */
    private String run(BookRows rows, RunInfo info, RunStatus status) {
        try (Book book = open(rows);
                BookLog log = TestRuns.start(book, info)) {
            TestRuns.log(log, 1, 3);
            log.metrics(3, Map.of("odd", Double.NaN, "far", Double.POSITIVE_INFINITY));
            log.text("samples/step-000003.txt", "To be");
            log.tags(Map.of("phase", "done"));
            log.finish(status);
            return log.runId();
        }
    }

    @Test
    void aRunIdThatIsAPathIsNotCopied() throws Exception {
        String good = run(there, TestRuns.info(), RunStatus.FINISHED);
        String bad = run(there, TestRuns.info(), RunStatus.KILLED);
        for (String table : List.of("runs", "metrics", "latest_metrics", "params", "tags")) {
            there.execute("UPDATE " + table + " SET run_uuid = '../../../x' WHERE run_uuid = '" + bad + "'");
        }
        assertThat(merge()).isEqualTo(new Merged(List.of(good), List.of(), List.of(), List.of("../../../x")));
        assertThat(notices).containsExactly("run ../../../x is not copied: its id is not 32 hexadecimal digits");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("here", "there");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need rights")
    void linksAreNotFollowed() throws Exception {
        String run = run(there, TestRuns.info(), RunStatus.KILLED);
        String behind = run(there, TestRuns.info(), RunStatus.KILLED);
        Path secret = Files.writeString(folder.resolve("secret"), "s3cret");
        Path artifacts = there.folder().resolve("mlartifacts/1");
        Files.createSymbolicLink(artifacts.resolve(run + "/artifacts/samples/leak.txt"), secret);
        Files.createSymbolicLink(artifacts.resolve(run + "/artifacts/all"), folder);
        Path checkpoints = Files.createDirectories(there.folder().resolve("checkpoints/" + run));
        Files.createSymbolicLink(checkpoints.resolve("step-0000001.safetensors"), secret);
        Files.move(artifacts.resolve(behind), folder.resolve("elsewhere"));
        Files.createSymbolicLink(artifacts.resolve(behind), folder.resolve("elsewhere"));

        assertThat(merge()).isEqualTo(new Merged(List.of(run), List.of(), List.of(), List.of(behind)));
        assertThat(notices)
                .containsExactlyInAnyOrder(
                        "run " + run + ": symbolic links are not followed: all, samples/leak.txt, checkpoints/" + run
                                + "/step-0000001.safetensors",
                        "run " + behind
                                + " is not copied: its files are behind a symbolic link, which is not followed");
        assertThat(here.artifacts(run)).containsOnlyKeys("samples/step-000003.txt");
        assertThat(BookRows.files(here.folder()).keySet()).noneMatch(path -> path.contains("step-0000001"));
    }

    /** What a process logs. */
    private interface Steps {
        void log(BookLog log) throws Exception;
    }

    /** A run that is resumed after three steps, and finished. */
    private void resume(BookRows rows, String run, Steps steps) throws Exception {
        try (Book book = open(rows);
                BookLog log = book.resume(run, 3)) {
            steps.log(log);
            log.finish(RunStatus.FINISHED);
        }
    }

    private static void twoSteps(BookLog log) {
        TestRuns.log(log, 4, 5);
    }

    private void assertMergeChangesNothing(Merged merged) throws Exception {
        List<String> before = allOf(here);
        assertThat(merge()).isEqualTo(merged);
        assertThat(allOf(here)).isEqualTo(before);
    }

    /** The merge grows the run to what the other book has. */
    private void assertGrows(String run) throws Exception {
        assertThat(merge().grown()).containsExactly(run);
        assertThat(everything(here, run)).isEqualTo(everything(there, run));
    }

    /** Everything that a book has of a run but the numbers of its experiment and rows. */
    private static List<Object> everything(BookRows rows, String run) throws Exception {
        Map<String, String> files = new TreeMap<>();
        rows.artifacts(run).forEach((path, bytes) -> files.put(path, new String(bytes, StandardCharsets.UTF_8)));
        return List.of(
                rows.texts(
                        "SELECT json_array(e.name, r.name, user_id, status, start_time, end_time, r.lifecycle_stage,"
                                + " (SELECT json_group_array(key || '=' || value) FROM experiment_tags t"
                                + " WHERE t.experiment_id = e.experiment_id))"
                                + " FROM runs r JOIN experiments e USING (experiment_id) WHERE run_uuid = ?",
                        run),
                rows.points(run).toString(),
                rows.texts(
                        "SELECT json_array(key, value, timestamp, step, is_nan) FROM latest_metrics WHERE run_uuid = ?"
                                + " ORDER BY key",
                        run),
                rows.params(run),
                rows.tags(run),
                rows.datasets(run),
                rows.texts(
                        "SELECT t.name || t.value FROM input_tags t JOIN inputs USING (input_uuid)"
                                + " WHERE destination_id = ?",
                        run),
                files);
    }

    /** Every row of a book, and every file with the time it was written. */
    private static List<String> allOf(BookRows rows) throws Exception {
        List<String> all = new ArrayList<>();
        for (String table : rows.texts("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")) {
            String columns = String.join(
                    ", ", rows.texts("SELECT '\"' || name || '\"' FROM pragma_table_info('" + table + "')"));
            all.addAll(rows.texts(
                    "SELECT json_array('" + table + "', rowid, " + columns + ") FROM " + table + " ORDER BY rowid"));
        }
        for (String folder : List.of("mlartifacts", "checkpoints")) {
            Path root = rows.folder().resolve(folder);
            for (String file : BookRows.files(root).keySet()) {
                all.add(file + " " + Files.getLastModifiedTime(root.resolve(file)));
            }
        }
        return all;
    }

    @Test
    void runsComeWholeAndExperimentsMeetByTheirName() throws Exception {
        String own = run(here, TestRuns.of("other"), RunStatus.FINISHED);
        String first = run(there, TestRuns.info(), RunStatus.FINISHED);
        String second = run(there, TestRuns.of("other"), RunStatus.FAILED);
        String child;
        try (Book book = open(there);
                BookLog log = TestRuns.start(book, TestRuns.childOf(first))) {
            child = log.runId();
            log.finish(RunStatus.KILLED);
        }
        List<Object> ownBefore = everything(here, own);

        assertThat(merge()).isEqualTo(new Merged(List.of(first, second, child), List.of(), List.of(), List.of()));

        for (String run : List.of(first, second, child)) {
            assertThat(everything(here, run)).isEqualTo(everything(there, run));
        }
        assertThat(everything(here, own)).isEqualTo(ownBefore);
        assertThat(here.texts("SELECT name FROM experiments ORDER BY experiment_id"))
                .containsExactly("Default", "other", "smoke");
        assertThat(there.texts("SELECT name FROM experiments ORDER BY experiment_id"))
                .containsExactly("Default", "smoke", "other");
        assertThat(here.texts("SELECT artifact_uri FROM runs WHERE run_uuid = ?", first))
                .containsExactly("mlflow-artifacts:/2/" + first + "/artifacts");
        assertThat(here.tags(child)).containsEntry("mlflow.parentRunId", first);
        assertThat(here.integrity()).isEqualTo("ok");
        assertThat(notices).isEmpty();
    }

    @Test
    void mergingTwiceChangesNothingAndTheOtherBookStaysAsItIs() throws Exception {
        String first = run(there, TestRuns.info(), RunStatus.FINISHED);
        String second = run(there, TestRuns.info(), RunStatus.FAILED);
        Files.createDirectories(there.folder().resolve("checkpoints/" + second));
        Files.writeString(there.folder().resolve("checkpoints/" + second + "/step-0000003.safetensors"), "3");
        List<String> source = allOf(there);
        merge();
        assertMergeChangesNothing(new Merged(List.of(), List.of(), List.of(first, second), List.of()));
        assertThat(allOf(there)).isEqualTo(source);
    }

    @Test
    void aRunThatGoesOnGetsWhatIsNew() throws Exception {
        try (Book book = open(there);
                BookLog log = TestRuns.start(book)) {
            String run = log.runId();
            TestRuns.log(log, 1, 3);
            log.text("notes.txt", "first");
            log.tags(Map.of("phase", "first"));
            log.sync();
            assertThat(merge().added()).containsExactly(run);
            assertThat(here.status(run)).isEqualTo("RUNNING");
            assertThat(everything(here, run)).isEqualTo(everything(there, run));

            TestRuns.log(log, 4, 9);
            log.metrics(9, Map.of("new", 1.0));
            log.text("notes.txt", "second");
            log.text("more.txt", "more");
            log.tags(Map.of("phase", "second"));
            log.sync();
            assertGrows(run);

            log.finish(RunStatus.FINISHED);
            assertGrows(run);

            // Its report is written when it has ended.
            book.keep(run, "report.html", "<html>");
            book.tag(run, Map.of("mlflow.loggedArtifacts", "1"));
            assertGrows(run);
            assertThat(merge().unchanged()).containsExactly(run);
        }
    }

    @Test
    void aRunThatWentOnThereAfterItsEndFollows() throws Exception {
        String run = run(there, TestRuns.info(), RunStatus.KILLED);
        merge();
        resume(there, run, log -> {
            TestRuns.log(log, 4, 5);
            log.sync();
            assertGrows(run);
            assertThat(here.status(run)).isEqualTo("RUNNING");
        });
        assertGrows(run);
    }

    /** A machine whose clock is behind goes on with a run. */
    @Test
    void laterStepsFollowWhateverTheClockSaid() throws Exception {
        String run = run(there, TestRuns.info(), RunStatus.KILLED);
        merge();
        resume(there, run, BookMergeTest::twoSteps);
        there.execute("UPDATE metrics SET timestamp = timestamp - 3600000 WHERE step > 3");
        there.execute("UPDATE latest_metrics SET timestamp = timestamp - 3600000 WHERE step > 3");
        merge();
        assertThat(everything(here, run)).isEqualTo(everything(there, run));
    }

    /** MLflow's own programs may log a key again and again without a step. */
    @Test
    void morePointsOfOneStepFollow() throws Exception {
        String run = run(there, TestRuns.info(), RunStatus.KILLED);
        resume(there, run, log -> {
            for (int i = 0; i < 4; i++) {
                log.metrics(3, Map.of("again", (double) i));
                log.sync();
                Thread.sleep(2); // a point is its own key: other times
                if (i == 1) {
                    merge();
                }
            }
        });
        merge();
        assertThat(here.points(run).toString()).isEqualTo(there.points(run).toString());
    }

    /**
     * Such as a child of a sweep that begins here and goes on elsewhere from its first step: the same points at other
     * times.
     */
    @Test
    void stepsThatAreThereDoNotComeTwice() throws Exception {
        String run = run(here, TestRuns.info(), RunStatus.KILLED);
        String other = run(there, TestRuns.info(), RunStatus.FINISHED);
        try (Book book = open(there);
                BookLog log = book.start(TestRuns.info(), run);
                Book into = open(here)) {
            TestRuns.log(log, 1, 5);
            log.finish(RunStatus.FINISHED);
            assertThat(BookMerge.one(there.folder(), into, run))
                    .isEqualTo(new Merged(List.of(), List.of(run), List.of(), List.of()));
            assertThat(into.history(run, "train/loss"))
                    .extracting(MetricPoint::step)
                    .containsExactly(1L, 2L, 3L, 4L, 5L);
            assertThat(into.byId(other)).isEmpty();
        }
        assertThat(here.status(run)).isEqualTo("FINISHED");
    }

    @Test
    void whatWasDoneHereStays() throws Exception {
        String run = run(there, TestRuns.info(), RunStatus.KILLED);
        merge();
        try (Book book = open(here)) {
            book.tag(run, Map.of("mlflow.note.content", "my own words", "switchlab.mirror/host:1", "1 1 whole 0"));
            book.keep(run, "samples/step-000003.txt", "made anew");
        }
        Merged nothing = new Merged(List.of(), List.of(), List.of(run), List.of());
        assertMergeChangesNothing(nothing);
        resume(here, run, BookMergeTest::twoSteps);
        assertMergeChangesNothing(nothing);
    }

    @Test
    void aRunThatWentOnInBothBooksIsLeftAloneAndSaid() throws Exception {
        String run = run(there, TestRuns.info(), RunStatus.KILLED);
        merge();
        resume(here, run, BookMergeTest::twoSteps);
        resume(there, run, log -> log.metrics(4, Map.of("final/accuracy", 0.5)));
        assertMergeChangesNothing(new Merged(List.of(), List.of(), List.of(), List.of(run)));
        assertThat(notices).singleElement().asString().contains(run, "was continued in both stores");
    }

    @Test
    void aRunThatIsTrainedHereOrWasDeletedHereIsLeftAlone() throws Exception {
        String trained = run(there, TestRuns.info(), RunStatus.KILLED);
        String deleted = run(there, TestRuns.info(), RunStatus.KILLED);
        merge();
        here.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = '" + deleted + "'");
        try (Book book = open(here);
                RunLock lock = RunLock.take(book.checkpoints(trained), trained)) {
            assertThat(lock.folder()).exists();
            assertThat(BookMerge.all(there.folder(), book).left()).containsExactly(trained, deleted);
        }
        assertThat(notices).hasSize(2);
        assertThat(notices.get(0)).contains(trained, "is being trained");
        assertThat(notices.get(1)).contains(deleted, "was deleted", "restore it");
    }

    @Test
    void whatIsNeededToResumeComesWhereItIsWanted() throws Exception {
        String finished = run(there, TestRuns.info(), RunStatus.FINISHED);
        String killed = run(there, TestRuns.info(), RunStatus.KILLED);
        for (String run : List.of(finished, killed)) {
            Path checkpoints = there.folder().resolve("checkpoints/" + run);
            Files.createDirectories(checkpoints);
            Files.writeString(checkpoints.resolve("step-0000002.safetensors"), "2");
            Files.writeString(checkpoints.resolve(".step-0000003.safetensors.x.part"), "half");
            Files.writeString(checkpoints.resolve("lock"), "");
        }
        assertThat(merge().added()).containsExactly(finished, killed);
        assertThat(BookRows.files(here.folder().resolve("checkpoints")))
                .containsOnlyKeys(killed + "/step-0000002.safetensors");
    }

    @Test
    void aRunWhoseFilesAreElsewhereComesWithoutThem() throws Exception {
        String run = run(there, TestRuns.info(), RunStatus.FINISHED);
        there.execute("UPDATE runs SET artifact_uri = 's3://bucket/" + run + "'");
        assertThat(merge().added()).containsExactly(run);
        assertThat(here.points(run)).isEqualTo(there.points(run));
        assertThat(notices).singleElement().asString().contains(run, "s3://bucket/", "everything else");
    }

    @Test
    void aDeletedExperimentIsSaidInOneLine() throws Exception {
        run(here, TestRuns.info(), RunStatus.FINISHED);
        run(there, TestRuns.info(), RunStatus.FINISHED);
        here.execute("UPDATE experiments SET lifecycle_stage = 'deleted' WHERE name = 'smoke'");
        assertThatThrownBy(this::merge)
                .isInstanceOf(BookException.class)
                .hasMessageContaining("experiment 'smoke' was deleted");
    }

    @Test
    void noBookTheSameBookAndOtherFilesAreRefusedInOneLine() throws Exception {
        assertRefused("there is no book of runs in", "e.g.");
        assertThat(there.folder()).doesNotExist();
        Files.createDirectories(there.folder());
        Files.writeString(there.folder().resolve("mlflow.db"), "no database at all, and long enough".repeat(50));
        assertRefused("cannot open the book");
        try (Book book = open(here)) {
            Path dotted = here.folder().resolve("../here");
            assertThatThrownBy(() -> BookMerge.all(dotted, book))
                    .isInstanceOf(BookException.class)
                    .hasMessageContaining("is this book itself");
        }
    }

    /**
     * Damage in the middle, as a disk or a copy that was cut off leaves it: nothing comes, not even the runs that could
     * be read.
     */
    @Test
    void aDamagedBookIsRefusedAsAWhole() throws Exception {
        for (int i = 0; i < 20; i++) {
            run(there, TestRuns.info(), RunStatus.FINISHED);
        }
        there.execute("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode = DELETE");
        Path file = there.folder().resolve("mlflow.db");
        byte[] sound = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(sound, sound.length / 2 / PAGE * PAGE));
        assertRefused("cannot open the book", "malformed");
        byte[] scratched = sound.clone();
        Arrays.fill(scratched, sound.length / 4 * 3, sound.length, (byte) 'x');
        Files.write(file, scratched);
        assertRefused("is damaged", "nothing of it was merged");
    }

    private void assertRefused(String... parts) {
        assertThatThrownBy(this::merge)
                .isInstanceOf(BookException.class)
                .hasMessageContainingAll(parts)
                .hasMessageNotContaining("\n");
        try (Book book = open(here)) {
            assertThat(book.runs(Optional.empty(), 10)).isEmpty();
        }
    }
}
