package dev.switchlab.runs.mirror;

import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.TestRuns;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.fake.Copies;
import dev.switchlab.runs.fake.FakeMlflow;
import dev.switchlab.runs.fake.Fault;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A book, and a server that can be disturbed. */
abstract class AgainstFake {
    /** Longest time of calls where the server is silent on purpose. */
    static final Duration SHORT = Duration.ofMillis(250);

    /** Longest time of calls where only a very busy machine would reach it. */
    static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    final List<String> notices = new CopyOnWriteArrayList<>();
    FakeMlflow fake;
    BookRows rows;

    @BeforeEach
    void startServer() throws IOException {
        fake = FakeMlflow.start(folder.resolve("server"));
        rows = new BookRows(folder.resolve("runs"));
    }

    @AfterEach
    void stopServer() {
        fake.close();
    }

    /** A book with the fake server that does not give up at the end of a run. */
    MirroredBook patient() {
        return patient(fake.uri(), LONG);
    }

    /** A book that does not give up at the end of a run. */
    MirroredBook patient(URI uri, Duration call) {
        return open(uri, call, Duration.ofSeconds(60), Map.of());
    }

    /** A book that gives up soon at the end of a run. */
    MirroredBook hasty(URI uri, Duration call) {
        return open(uri, call, SHORT, Map.of());
    }

    MirroredBook open(URI uri, Duration call, Duration finish, Map<String, String> environment) {
        MlflowEnvironment there = new MlflowEnvironment(
                Optional.of(uri),
                Credentials.of(environment, folder.resolve("none")),
                Optional.empty(),
                Optional.empty());
        Mirror.Timing timing =
                new Mirror.Timing(call, finish, Duration.ofMillis(20), Duration.ofMillis(10), Duration.ofMillis(100));
        return MirroredBook.open(rows.folder(), there, timing, notices::add);
    }

    /** The book alone. */
    MirroredBook withoutServer() {
        return MirroredBook.open(rows.folder(), MlflowEnvironment.NONE, Mirror.Timing.DEFAULT, notices::add);
    }

    /** What a run logs. */
    interface Steps {
        void log(BookLog log) throws Exception;
    }

    String run(MirroredBook opened, Steps steps) throws Exception {
        return run(opened, TestRuns.info(), steps);
    }

    /** A run from its beginning to its end; closes the book. */
    String run(MirroredBook opened, RunInfo info, Steps steps) throws Exception {
        try (opened;
                BookLog log = TestRuns.begin(opened, info)) {
            steps.log(log);
            log.finish(RunStatus.FINISHED);
            return log.runId();
        }
    }

    /** Sends a run again; closes the book. */
    void flush(MirroredBook opened, String run) {
        try (opened) {
            opened.flush(opened.find(run));
        }
    }

    /** A run that somebody deletes on the server when its first points are there and its dataset comes. */
    Deleted deletedOnServer() throws Exception {
        AtomicReference<String> there = new AtomicReference<>();
        fake.plan((method, path, number) -> {
            if (path.endsWith("log-inputs")
                    && there.compareAndSet(null, fake.rows().newest())) {
                fake.call("runs/delete", "{\"run_id\":\"" + there.get() + "\"}");
            }
            return Fault.NONE;
        });
        String run = run(hasty(fake.uri(), LONG), log -> TestRuns.log(log, 1, 10));
        return new Deleted(run, there.get());
    }

    /**
     * @param run the book's id
     * @param there the server's id
     */
    record Deleted(String run, String there) {}

    Copies copies() {
        return new Copies(fake.rows());
    }

    void assertWhole(String run) throws IOException {
        copies().assertWhole(rows, run);
    }
}
