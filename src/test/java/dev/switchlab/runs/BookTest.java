package dev.switchlab.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.testing.JavaProcess;
import dev.switchlab.train.RunStatus;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A run's way into the book and back, also from several processes, and from killed ones. */
@Timeout(120)
final class BookTest {
    @TempDir
    Path folder;

    private BookRows rows;

    @BeforeEach
    void rows() {
        rows = new BookRows(folder.resolve("runs"));
    }

    private Book open() {
        return Book.open(rows.folder(), new Book.Options(List.of("s3cret"), Duration.ZERO, notice -> {}));
    }

    @Test
    void everythingLoggedReadsBack() {
        try (Book book = open();
                BookLog log = TestRuns.start(book)) {
            log.metrics(1, Map.of("train/loss", 4.25, "odd", Double.NaN));
            log.metrics(2, Map.of("train/loss", 0.1 + 0.2));
            log.text("samples/step-000002.txt", "To be, or not to be: größer, s3cret\n");
            log.tags(Map.of("phase", "done"));
            log.finish(RunStatus.FINISHED);

            Run run = book.byId(log.runId()).orElseThrow();
            assertThat(run.experiment()).isEqualTo("smoke");
            assertThat(run.name()).isEqualTo("smoke seed 1");
            assertThat(run.status()).isEqualTo("FINISHED");
            assertThat(run.end()).isPresent();
            assertThat(run.params()).isEqualTo(Map.of("model.heads", "4", "seed", "1"));
            assertThat(run.tags())
                    .containsEntry("phase", "done")
                    .containsEntry("corpus", "dickens")
                    .containsEntry("mlflow.user", "ada")
                    .containsEntry("mlflow.source.name", "experiments/smoke.yaml")
                    .containsEntry("mlflow.source.git.commit", "0123456789abcdef");
            assertThat(run.tags().get("mlflow.note.content"))
                    .contains("A *small* run", "make train EXPERIMENT=smoke SEED=1");
            assertThat(run.metrics()).containsEntry("train/loss", 0.1 + 0.2).containsEntry("odd", Double.NaN);
            assertThat(book.history(log.runId(), "train/loss"))
                    .extracting(MetricPoint::step, MetricPoint::value)
                    .containsExactly(tuple(1L, 4.25), tuple(2L, 0.1 + 0.2));
            assertThat(book.artifacts(log.runId()).file("samples/step-000002.txt"))
                    .hasContent("To be, or not to be: größer, ***\n");
            assertThat(rows.datasets(log.runId())).containsExactly("tiny-shakespeare 86c4e6aa");
            assertThat(book.runs(Optional.of("smoke"), 10)).containsExactly(run);
            assertThat(book.runs(Optional.of("other"), 10)).isEmpty();
            assertThat(book.called(log.runId().substring(0, 8))).containsExactly(run);
            assertThat(book.called("smoke seed 1")).containsExactly(run);
            assertThat(book.called("smoke smoke seed 1")).containsExactly(run);
        }
    }

    @Test
    void theViewOfAnExperimentFollowsTheExpertsOfItsRuns() throws Exception {
        try (Book book = open()) {
            for (int experts : new int[] {2, 8, 4}) {
                TestRuns.start(
                                book,
                                TestRuns.withParams(Map.of("model.n_experts", "" + experts, "model.n_layers", "1")))
                        .close();
                List<String> views = rows.texts("SELECT value FROM experiment_tags WHERE key = ?", SharedView.TAG);
                assertThat(views).hasSize(1);
                assertThat(SharedViewTest.read(views.get(0))
                                .at("/compareRunCharts/3/selectedMetricKeys")
                                .size())
                        .isEqualTo(experts == 2 ? 2 : 8);
            }
        }
    }

    @Test
    void pausesDoNotCountAsTime() throws Exception {
        try (Book book = open()) {
            BookLog log = TestRuns.start(book);
            TestRuns.log(log, 1, 2);
            log.finish(RunStatus.KILLED);
            log.close();
            // As if it had begun an hour ago, and had been killed after 10 s.
            rows.execute("UPDATE runs SET start_time = start_time - 3600000, end_time = end_time - 3590000");
            for (int part = 0; part < 2; part++) {
                try (BookLog next = book.resume(log.runId(), 2)) {
                    next.finish(RunStatus.FINISHED);
                }
                assertThat(book.byId(log.runId()).orElseThrow().seconds()).isBetween(9.0, 300.0);
            }
        }
    }

    @Test
    void aKilledRunEndsAtItsLastPoint() {
        try (Book book = open()) {
            BookLog log = TestRuns.start(book);
            TestRuns.log(log, 1, 2);
            log.sync();
            Instant last = Instant.ofEpochMilli(
                    book.history(log.runId(), "train/loss").get(1).time());
            book.endKilled(log.runId());
            assertThat(book.byId(log.runId()).orElseThrow())
                    .extracting(Run::status, Run::end)
                    .containsExactly("KILLED", Optional.of(last));
            log.close();
        }
    }

    @Test
    void aRunIdThatIsAPathIsNoRun() throws Exception {
        try (Book book = open();
                BookLog log = TestRuns.start(book)) {
            log.sync();
            for (String id : List.of("../../x", "A".repeat(32), log.runId() + "/..", "")) {
                assertThatThrownBy(() -> book.checkpoints(id))
                        .isInstanceOf(BookException.class)
                        .hasMessageContaining("allowed are 32 hexadecimal digits");
            }
            rows.execute("PRAGMA foreign_keys = OFF", "UPDATE runs SET run_uuid = '../../x'");
            assertThat(book.byId("../../x")).isEmpty();
            assertThat(book.called("..")).isEmpty();
            assertThat(book.runs(Optional.empty(), 9)).isEmpty();
            rows.execute("UPDATE runs SET run_uuid = '" + log.runId() + "'");
        }
    }

    @Test
    void aRefusedKeyIsRefusedEachTime() {
        try (Book book = Book.open(folder.resolve("refusals"));
                BookLog log = TestRuns.start(book)) {
            for (int step = 1; step <= 2; step++) {
                Map<String, Double> metrics = Map.of("train@loss", 1.0);
                long at = step;
                assertThatThrownBy(() -> log.metrics(at, metrics))
                        .isInstanceOf(BookException.class)
                        .hasMessageContaining("train@loss");
            }
        }
    }

    @Test
    void filesAreKeptAsTheyWereAndPathsStayInside() throws Exception {
        Path weights = Files.writeString(folder.resolve("weights"), "weights");
        try (Book book = open();
                BookLog log = TestRuns.start(book)) {
            log.file("checkpoints/a b+c%.bin", weights);
            Files.move(
                    Files.writeString(folder.resolve("other"), "other"), weights, StandardCopyOption.REPLACE_EXISTING);
            assertThat(book.artifacts(log.runId()).list()).containsExactly("checkpoints/a b+c%.bin");
            assertThat(book.artifacts(log.runId()).file("checkpoints/a b+c%.bin"))
                    .hasContent("weights");
            for (String path : List.of("../evil", "/tmp/evil", "a/../../evil", "")) {
                assertThatThrownBy(() -> log.text(path, "x")).isInstanceOf(BookException.class);
                assertThatThrownBy(() -> log.file(path, weights)).isInstanceOf(BookException.class);
            }
        }
    }

    @Test
    void aParamThatIsTooLongIsKeptWholeAsAFile() {
        String whole = "größe ".repeat(2000);
        try (Book book = open();
                BookLog log = TestRuns.start(book, TestRuns.withParams(Map.of("model/long: one", whole)))) {
            assertThat(rows.params(log.runId())).containsEntry("model/long: one", whole.substring(0, 6000));
            assertThat(book.artifacts(log.runId()).file("params/model/long__one.txt"))
                    .hasContent(whole);
        }
    }

    @Test
    void aRunThatIsClosedUnfinishedHasFailedAndGoesOnInTheSameRun() {
        try (Book book = open()) {
            BookLog log = TestRuns.start(book);
            TestRuns.log(log, 1, 7);
            log.metrics(1, Map.of("system/cpu_utilization_percentage", 1.0));
            log.close();
            log.close();
            assertThat(rows.status(log.runId())).isEqualTo("FAILED");

            BookLog again = book.resume(log.runId(), 4);
            again.sync();
            assertThat(rows.status(log.runId())).isEqualTo("RUNNING");
            TestRuns.log(again, 5, 9);
            again.finish(RunStatus.FINISHED);
            again.close();
            assertThat(rows.status(log.runId())).isEqualTo("FINISHED");
            assertThat(book.history(log.runId(), "train/loss"))
                    .extracting(MetricPoint::step)
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 9).boxed().toList());
            assertThatThrownBy(() -> book.resume("0123456789abcdef0123456789abcdef", 0))
                    .isInstanceOf(BookException.class)
                    .hasMessageContaining("there is no run 0123456789abcdef0123456789abcdef");
        }
    }

    @Test
    void everyRunHasASampleOfTheMachinesLoad() throws Exception {
        try (Book book = Book.open(rows.folder(), new Book.Options(List.of(), Duration.ofMinutes(1), notice -> {}))) {
            for (int pause = 0; pause <= 100; pause += 20) {
                BookLog log = TestRuns.start(book);
                Thread.sleep(pause);
                log.finish(RunStatus.FINISHED);
                log.close();
                assertThat(rows.lastStep(log.runId(), "system/system_memory_usage_megabytes"))
                        .as("after %d ms", pause)
                        .isZero();
            }
        }
    }

    @Test
    void severalProcessesFillOneBookAtOnceAndAKilledOneLosesNothingItHadSynced() throws Exception {
        List<Process> writers = new ArrayList<>();
        List<BufferedReader> outputs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            writers.add(JavaProcess.of(Writer.class, rows.folder().toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
            outputs.add(writers.get(i).inputReader());
        }
        List<String> ids = new ArrayList<>();
        for (BufferedReader output : outputs) {
            ids.add(output.readLine());
        }
        List<Integer> synced = new ArrayList<>();
        for (int i = 0; i < writers.size(); i++) {
            int last = 0;
            while (last < 500) {
                last = Integer.parseInt(outputs.get(i).readLine());
            }
            writers.get(i).destroyForcibly().waitFor();
            synced.add(last);
        }
        assertThat(rows.integrity()).isEqualTo("ok");
        assertThat(rows.runs()).containsExactlyInAnyOrderElementsOf(ids);
        try (Book book = open()) {
            for (int i = 0; i < ids.size(); i++) {
                List<MetricPoint> losses = book.history(ids.get(i), "train/loss");
                assertThat(losses).hasSizeGreaterThanOrEqualTo(synced.get(i));
                // Whole steps or nothing.
                for (String key : List.of("train/loss", "train/grad_norm")) {
                    assertThat(book.history(ids.get(i), key))
                            .extracting(MetricPoint::step)
                            .containsExactlyElementsOf(LongStream.rangeClosed(1, losses.size())
                                    .boxed()
                                    .toList());
                }
            }
        }
    }

    /** Another process: logs step after step without end; each line that it prints is a step that will not be lost. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] arguments) {
            try (Book book = Book.open(Path.of(arguments[0]));
                    BookLog log = TestRuns.start(book)) {
                System.out.println(log.runId());
                for (int step = 1; true; step++) {
                    TestRuns.log(log, step, step);
                    if (step % 10 == 0) {
                        log.sync();
                        System.out.println(step);
                    }
                }
            }
        }
    }
}
