package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.TestRuns;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.train.RunStatus;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergeCommandTest {

    private static final String MIRROR = "switchlab.mirror/host:5000";

    @TempDir
    Path folder;

    /** What a server had of it, it does not have of what has come since. */
    @Test
    void aRunThatHasGrownIsBehindOnItsServer() {
        Path here = folder.resolve("here");
        Path there = folder.resolve("there");
        try (Book book = Book.open(there);
                BookLog log = TestRuns.start(book)) {
            TestRuns.log(log, 1, 3);
            log.sync();
            assertThat(merge(there, here)).isZero();
            try (Book merged = Book.open(here)) {
                merged.tag(log.runId(), Map.of(MIRROR, "0123 7 whole 99"));
            }
            assertThat(merge(there, here)).isZero();
            assertThat(new BookRows(here).tags(log.runId())).containsEntry(MIRROR, "0123 7 whole 99");
            TestRuns.log(log, 4, 5);
            log.finish(RunStatus.FINISHED);
            assertThat(merge(there, here)).isZero();
            assertThat(new BookRows(here).tags(log.runId())).containsEntry(MIRROR, "0123 7 behind 99");
            assertThat(new BookRows(here).points(log.runId())).isEqualTo(new BookRows(there).points(log.runId()));
        }
    }

    @Test
    void noFolderAndNoBookAreRefused() {
        assertThat(Main.run("merge", "--runs", folder.resolve("here").toString()))
                .isEqualTo(1);
        assertThat(merge(folder.resolve("nothing"), folder.resolve("here"))).isEqualTo(1);
    }

    private static int merge(Path from, Path into) {
        return Main.run("merge", "--runs", into.toString(), "--from", from.toString());
    }
}
