package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.TestRuns;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.fake.Copies;
import dev.switchlab.runs.fake.FakeMlflow;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.train.RunStatus;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlushCommandTest {

    @TempDir
    Path folder;

    @Test
    void aRunThatTheServerDoesNotTakeKeepsNoOtherFromBeingSent() throws Exception {
        Path runs = folder.resolve("runs");
        try (FakeMlflow server = FakeMlflow.start(folder.resolve("server"))) {
            String uri = server.uri().toString();
            String deleted = finishedRun(runs);
            String other = finishedRun(runs);
            assertThat(flush(runs, uri, "--run", deleted)).isZero();
            Copies copies = new Copies(server.rows());
            server.call("runs/delete", "{\"run_id\":\"" + copies.id(deleted) + "\"}");
            try (MirroredBook book = MirroredBook.open(runs, MlflowEnvironment.NONE)) {
                String tag = "switchlab.mirror/" + server.uri().getAuthority();
                String whole = book.find(deleted).tags().get(tag);
                book.book().tag(deleted, Map.of(tag, whole.replace("whole", "behind")));
                book.book().tag(other, Map.of(tag, "- - behind 0"));
            }
            assertThat(flush(runs, uri)).isEqualTo(1);
            assertThat(copies.ofRun(deleted)).isEmpty();
            copies.assertWhole(new BookRows(runs), other);
        }
    }

    private static int flush(Path runs, String uri, String... more) {
        String[] arguments = new String[5 + more.length];
        System.arraycopy(new String[] {"flush", "--runs", runs.toString(), "--tracking-uri", uri}, 0, arguments, 0, 5);
        System.arraycopy(more, 0, arguments, 5, more.length);
        return Main.run(arguments);
    }

    private static String finishedRun(Path runs) {
        try (MirroredBook book = MirroredBook.open(runs, MlflowEnvironment.NONE);
                BookLog log = TestRuns.begin(book)) {
            TestRuns.log(log, 1, 5);
            log.finish(RunStatus.FINISHED);
            return log.runId();
        }
    }
}
