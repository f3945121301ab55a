package dev.switchlab.runs.mirror;

import static dev.switchlab.runs.TestRuns.log;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.TestRuns;
import dev.switchlab.runs.fake.FakeMlflow;
import dev.switchlab.runs.fake.Fault;
import dev.switchlab.train.RunStatus;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever happens between the book and the server, the server has everything once in the end, and the run never waits
 * for it.
 */
@Timeout(40)
@Tag("slow")
final class MirrorFaultTest extends AgainstFake {
    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"NONE", "LATE"},
            mode = EnumSource.Mode.EXCLUDE)
    void halfOfTheRequestsFail(Fault fault) throws Exception {
        // The official client repeats a failed request up to twice, so whole calls fail, and other calls succeed. The
        // first calls succeed: nobody waits for a server that never answered.
        fake.plan((method, path, number) -> number % 8 < 4 ? Fault.NONE : fault);
        String run = run(patient(fake.uri(), fault.isSilent() ? SHORT : LONG), log -> {
            log(log, 1, 200);
            log.text("samples/a.txt", "text of a");
            log.metrics(200, Map.of("odd", Double.NaN));
            log.sync();
            log(log, 201, 300);
            log.metrics(300, Map.of("odd", Double.NEGATIVE_INFINITY));
            log.text("b c.txt", "text of b");
        });
        fake.plan((method, path, number) -> Fault.NONE);
        assertWhole(run);
        assertThat(fake.seen()).allSatisfy(seen -> assertThat(seen.bytes()).isLessThan(1_000_000));
        assertThat(notices).noneMatch(notice -> notice.contains("make flush"));
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"CUT_AFTER", "CUT_IN_ANSWER", "ERROR_500_AFTER", "HANG_AFTER", "DUPLICATE"})
    void aRunIsThereOnceAlthoughTheAnswerIsLostOrTheRequestDoubled(Fault fault) throws Exception {
        fake.plan((method, path, number) -> path.endsWith("runs/create") ? fault : Fault.NONE);
        String run = run(patient(fake.uri(), fault == Fault.HANG_AFTER ? SHORT : LONG), log -> log(log, 1, 5));
        assertThat(fake.seen())
                .filteredOn(seen -> seen.path().endsWith("runs/create"))
                .hasSize(1);
        assertWhole(run);
    }

    @Test
    void aCreationThatArrivesAfterItWasRepeatedLeavesNoTwin() throws Exception {
        AtomicInteger creations = new AtomicInteger();
        fake.plan((method, path, number) ->
                path.endsWith("runs/create") && creations.incrementAndGet() == 1 ? Fault.LATE : Fault.NONE);
        String run = run(patient(fake.uri(), SHORT), log -> {
            log(log, 1, 5);
            while (creations.get() < 2) {
                Thread.sleep(5);
            }
            fake.letGo();
        });
        assertWhole(run);
    }

    @Test
    void aServerThatIsDownGetsTheRunByFlush() throws Exception {
        URI uri = fake.uri();
        fake.close();
        String run = run(hasty(uri, LONG), log -> {
            log(log, 1, 50);
            log.text("samples/a.txt", "text of a");
        });
        assertThat(notices).hasSizeBetween(2, 3);
        assertThat(notices.get(0))
                .startsWith("MLflow server " + uri + ": nothing answers there (connection refused); training goes on");
        assertThat(notices.get(notices.size() - 1)).contains("make flush RUN=" + run.substring(0, 8));

        fake = FakeMlflow.start(folder.resolve("server"), uri.getPort());
        try (MirroredBook book = patient(uri, LONG)) {
            assertThat(book.behind()).extracting(behind -> behind.runId()).containsExactly(run);
            book.flush(book.find(run));
            assertThat(book.behind()).isEmpty();
            assertWhole(run);
            // Again: it has everything, and gets nothing twice.
            book.flush(book.find(run));
        }
        assertWhole(run);
    }

    /** It has answered before, and nobody listens any more: waiting would be in vain. */
    @Test
    @Timeout(20)
    void theEndDoesNotWaitForAServerThatIsGone() throws Exception {
        String run = run(patient(), log -> {
            log(log, 1, 5);
            while (copies().ofRun(log.runId()).isEmpty()) {
                Thread.sleep(5);
            }
            fake.close();
            log(log, 6, 9);
        });
        assertThat(notices).last().asString().contains("connection refused", "make flush RUN=" + run.substring(0, 8));
    }

    @Test
    void whatWasLeftBehindIsSentByTheNextRunsMirror() throws Exception {
        URI uri = fake.uri();
        fake.close();
        String left = run(hasty(uri, LONG), log -> log(log, 1, 50));
        String next;
        try (MirroredBook book = patient(uri, LONG);
                BookLog log = TestRuns.begin(book, TestRuns.childOf(left))) {
            next = log.runId();
            log(log, 1, 20);
            fake = FakeMlflow.start(folder.resolve("server"), uri.getPort());
            log(log, 21, 40);
            while (!book.behind().stream().allMatch(behind -> behind.runId().equals(log.runId()))) {
                Thread.sleep(10);
            }
            log.finish(RunStatus.FINISHED);
        }
        assertWhole(left);
        assertWhole(next);
    }

    @Test
    void anEarlierRunThatTheServerDoesNotTakeDisturbsNoLaterOne() throws Exception {
        Deleted left = deletedOnServer();
        int before = notices.size();
        String next;
        try (MirroredBook book = patient()) {
            try (BookLog log = TestRuns.begin(book)) {
                next = log.runId();
                for (int step = 1; step <= 20; step++) {
                    log(log, step, step);
                    Thread.sleep(30); // several passes of the mirror
                }
                log.finish(RunStatus.FINISHED);
            }
            assertThat(book.behind()).extracting(Run::runId).containsExactly(left.run());
        }
        assertWhole(next);
        assertThat(notices.subList(before, notices.size()))
                .singleElement()
                .asString()
                .contains(left.run(), "its run " + left.there() + " is deleted; restore it there");
    }

    @Test
    void aRunThatGoesOnIsSentAsFarAsItGoesAndStaysBehind() throws Exception {
        try (MirroredBook book = withoutServer()) {
            try (BookLog log = TestRuns.begin(book)) {
                log(log, 1, 5);
                log.sync();
                try (MirroredBook other = patient()) {
                    Run run = other.find(log.runId());
                    assertThat(other.flush(run)).isFalse();
                }
                log.finish(RunStatus.FINISHED);
            }
        }
        try (MirroredBook other = patient()) {
            Run run = other.book().runs(Optional.empty(), 1).get(0);
            assertThat(other.flush(run)).isTrue();
            assertWhole(run.runId());
        }
    }

    @Test
    void aSilentServerStopsNeitherStepsNorTheEnd() throws Exception {
        fake.plan((method, path, number) -> Fault.HANG_BEFORE);
        String run = run(hasty(fake.uri(), SHORT), log -> {
            // A step that waited for the server would wait for ever.
            log(log, 1, 5000);
        });
        assertThat(notices.get(0)).contains("no answer within 0.25 s");
        fake.plan((method, path, number) -> Fault.NONE);
        flush(patient(), run);
        assertWhole(run);
    }

    @Test
    void aRunDeletedInTheMiddleWaitsUntilItIsRestored() throws Exception {
        Deleted deleted = deletedOnServer();
        String there = deleted.there();
        assertThat(notices.get(0)).contains("its run " + there + " is deleted; restore it there");
        assertThat(notices).noneMatch(notice -> notice.contains("dataset"));
        fake.call("runs/restore", "{\"run_id\":\"" + there + "\"}");
        try (MirroredBook book = patient()) {
            assertThat(book.find(there).runId()).isEqualTo(deleted.run());
            book.flush(book.find(there));
        }
        assertWhole(deleted.run());
    }

    @Test
    void aLargeUploadCutInTheMiddleIsRepeated() throws Exception {
        byte[] bytes = new byte[20_000_000];
        new Random(3).nextBytes(bytes);
        Path file = Files.write(folder.resolve("large"), bytes);
        AtomicInteger puts = new AtomicInteger();
        fake.plan((method, path, number) ->
                method.equals("PUT") && puts.incrementAndGet() < 3 ? Fault.CUT_BEFORE : Fault.NONE);
        String run = run(patient(), log -> log.file("weights/large.bin", file));
        assertWhole(run);
        assertThat(rows.artifacts(run)).containsEntry("weights/large.bin", bytes);
    }
}
