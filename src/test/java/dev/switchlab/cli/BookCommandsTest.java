package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.TestRuns;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.fake.Copies;
import dev.switchlab.runs.fake.FakeMlflow;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.testing.SweepInBook;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands on runs of a book that were not trained: compare, report, flush, merge. */
class BookCommandsTest {

    @TempDir
    Path folder;

    private Commands commands;

    @BeforeEach
    void book() {
        commands = new Commands(folder);
    }

    private String sweep() throws IOException {
        try (MirroredBook store = commands.store()) {
            return SweepInBook.make(store);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Tag("slow")
    void aSweepIsComparedBySetting(boolean byName) throws Exception {
        String id = sweep().substring(0, 10);
        commands.succeed("compare", "--compare", byName ? SweepInBook.NAME : id, "--baseline", "n_experts=4");
        assertThat(commands.output())
                .contains(
                        "4 runs of 2 settings;", "\nA    2             2  2.8150 +- ", "\nB *  4             2  2.6150")
                .contains("differences to B n_experts=4, paired over seeds")
                .containsPattern("\nA +2  \\+0.2000 \\+- 0.0000 +worse");
        assertThat(commands.runs().resolve("reports/compare-settings.csv"))
                .content()
                .contains("\nA,,2,2,final/");
        assertThat(commands.runs().resolve("reports/compare.html")).content().contains("<td>B, best, baseline</td>");
    }

    @Test
    @Tag("slow")
    void aReportIsKeptWithItsSweep() throws Exception {
        String sweep = sweep();
        commands.succeed("report", "--run", sweep);
        assertThat(commands.artifact(sweep, "report.html"))
                .contains("<h1>" + SweepInBook.NAME + "</h1>", "Validation loss by model.n_experts");
        assertThat(commands.artifact(sweep, "figures/score.svg")).startsWith("<svg");
        assertThat(commands.artifact(sweep, "report-differences.csv").lines()).hasSize(4);
    }

    @Test
    @Tag("slow")
    void anUnknownBaselineIsRefusedInOneLine() throws Exception {
        assertThat(commands.refused("compare", "--compare", sweep(), "--baseline", "x=1"))
                .contains("BASELINE 'x=1' is none of the settings");
        assertThat(commands.runs().resolve("reports/compare.html")).doesNotExist();
    }

    @Test
    void namesAreSplitAtSpacesAndCommasOutsideOfQuotes() {
        assertThat(BookOptions.SeveralRuns.split(" 3f2a,91bc  \"smoke a=1,2 seeds 1..3\" 'two words' dense"))
                .containsExactly("3f2a", "91bc", "smoke a=1,2 seeds 1..3", "two words", "dense");
        assertThat(BookOptions.SeveralRuns.split(" ")).isEmpty();
    }

    @Test
    void aRunThatTheServerRefusesDoesNotKeepOthersFromBeingSent() throws Exception {
        String runs = commands.runs().toString();
        try (FakeMlflow server = FakeMlflow.start(folder.resolve("server"))) {
            String uri = server.uri().toString();
            String deleted = finishedRun();
            String other = finishedRun();
            assertThat(Main.run("flush", "--runs", runs, "--tracking-uri", uri, "--run", deleted))
                    .isZero();
            Copies copies = new Copies(server.rows());
            server.call("runs/delete", "{\"run_id\":\"" + copies.id(deleted) + "\"}");
            try (MirroredBook book = commands.store()) {
                String tag = "switchlab.mirror/" + server.uri().getAuthority();
                String whole = book.find(deleted).tags().get(tag);
                book.book().tag(deleted, Map.of(tag, whole.replace("whole", "behind")));
                book.book().tag(other, Map.of(tag, "- - behind 0"));
            }
            assertThat(Main.run("flush", "--runs", runs, "--tracking-uri", uri)).isEqualTo(1);
            assertThat(copies.ofRun(deleted)).isEmpty();
            copies.assertWhole(new BookRows(commands.runs()), other);
        }
    }

    @Test
    void anExperimentStandsForItsNewestRun() throws Exception {
        String older = finishedRun();
        String newer = finishedRun();
        try (FakeMlflow server = FakeMlflow.start(folder.resolve("server"))) {
            String runs = commands.runs().toString();
            String experiment;
            try (MirroredBook book = commands.store()) {
                experiment = book.find(newer).experiment();
            }
            assertThat(Main.run(
                            "flush",
                            "--runs",
                            runs,
                            "--tracking-uri",
                            server.uri().toString(),
                            "--run",
                            experiment))
                    .isZero();
            Copies copies = new Copies(server.rows());
            assertThat(copies.ofRun(older)).isEmpty();
            copies.assertWhole(new BookRows(commands.runs()), newer);
        }
    }

    /** The server lacks the whole sweep; whatever of the sweep is named or known to be behind stands for all of it. */
    @ParameterizedTest
    @ValueSource(strings = {"sweep", "child", "behind"})
    void aSweepIsSentWithItsRunsByOneCall(String named) throws Exception {
        String sweep = sweep();
        BookRows rows = new BookRows(commands.runs());
        String child = rows.newest();
        try (FakeMlflow server = FakeMlflow.start(folder.resolve("server"))) {
            if (named.equals("behind")) {
                try (MirroredBook book = commands.store()) {
                    String tag = "switchlab.mirror/" + server.uri().getAuthority();
                    book.book().tag(sweep, Map.of(tag, "- - behind 0"));
                }
            }
            List<String> call = new ArrayList<>(List.of(
                    "flush",
                    "--runs",
                    rows.folder().toString(),
                    "--tracking-uri",
                    server.uri().toString()));
            if (!named.equals("behind")) {
                call.addAll(List.of("--run", named.equals("child") ? child : sweep));
            }
            assertThat(Main.run(call.toArray(String[]::new))).isZero();
            // A child needs the runs above it, and no other.
            assertThat(server.rows().runs())
                    .hasSize(named.equals("child") ? 3 : rows.runs().size());
            Copies copies = new Copies(server.rows());
            for (String run : named.equals("child") ? List.of(child, sweep) : rows.runs()) {
                copies.assertWhole(rows, run);
            }
            assertThat(server.rows().texts("SELECT DISTINCT status FROM runs")).containsExactly("FINISHED");
        }
    }

    private String finishedRun() {
        try (MirroredBook book = commands.store();
                BookLog log = TestRuns.begin(book)) {
            TestRuns.log(log, 1, 5);
            log.finish(RunStatus.FINISHED);
            return log.runId();
        }
    }

    /** A server lacks what a run has got since it was whole there. */
    @Test
    void aMergedRunThatHasGrownIsBehindOnItsServer() {
        String mirror = "switchlab.mirror/host:5000";
        Path here = folder.resolve("here");
        Path there = folder.resolve("there");
        try (Book book = Book.open(there);
                BookLog log = TestRuns.start(book)) {
            TestRuns.log(log, 1, 3);
            log.sync();
            assertThat(merge(there, here)).isZero();
            try (Book merged = Book.open(here)) {
                merged.tag(log.runId(), Map.of(mirror, "0123 7 whole 99"));
            }
            assertThat(merge(there, here)).isZero();
            assertThat(new BookRows(here).tags(log.runId())).containsEntry(mirror, "0123 7 whole 99");
            TestRuns.log(log, 4, 5);
            log.finish(RunStatus.FINISHED);
            assertThat(merge(there, here)).isZero();
            assertThat(new BookRows(here).tags(log.runId())).containsEntry(mirror, "0123 7 behind 99");
            assertThat(new BookRows(here).points(log.runId())).isEqualTo(new BookRows(there).points(log.runId()));
        }
    }

    @Test
    void aMergeNeedsAnotherBook() {
        assertThat(Main.run("merge", "--runs", folder.resolve("here").toString()))
                .isEqualTo(1);
        assertThat(merge(folder.resolve("nothing"), folder.resolve("here"))).isEqualTo(1);
    }

    private static int merge(Path from, Path into) {
        return Main.run("merge", "--runs", into.toString(), "--from", from.toString());
    }
}
