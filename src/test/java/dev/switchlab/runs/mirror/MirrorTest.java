package dev.switchlab.runs.mirror;

import static dev.switchlab.runs.TestRuns.log;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.runs.BookException;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.SharedView;
import dev.switchlab.runs.TestRuns;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.fake.Copies;
import dev.switchlab.runs.fake.FakeMlflow;
import dev.switchlab.runs.fake.Fault;
import dev.switchlab.train.RunStatus;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes to a server and what comes from it, with nothing in the way. */
@Timeout(40)
@Tag("slow")
final class MirrorTest extends AgainstFake {
    private static final String BASIC = "Basic YWRhOnMzY3JldC1wYXNz";
    private static final Map<String, String> USER =
            Map.of("MLFLOW_TRACKING_USERNAME", "ada", "MLFLOW_TRACKING_PASSWORD", "s3cret-pass");

    @Test
    void manyMetricsParamsAndLongOnesFitIntoRequests() throws Exception {
        Map<String, Double> metrics = new HashMap<>();
        Map<String, String> params = new HashMap<>(Map.of("model/long: one", "größe ".repeat(2000)));
        for (int i = 0; i < 2345; i++) {
            metrics.put("layer0/load/expert" + i, i / 7.0);
            if (i < 250) {
                params.put("p" + i, "=<>".repeat(1900));
            }
        }
        String run = run(patient(), TestRuns.withParams(params), log -> log.metrics(3, metrics));
        // On a busy machine it may be said that the end waits for the server.
        assertThat(notices).allMatch(notice -> notice.startsWith("sending the rest"));
        assertWhole(run);
    }

    @Test
    void aRunThatGoesOnSendsOnlyWhatIsNew() throws Exception {
        String run;
        try (MirroredBook book = patient();
                BookLog log = TestRuns.begin(book)) {
            run = log.runId();
            log(log, 1, 2000);
            log.text("a.txt", "one");
            log.finish(RunStatus.FAILED);
        }
        assertWhole(run);
        int before = fake.seen().size();
        try (MirroredBook book = patient();
                BookLog log = book.resume(run, 1990)) {
            log(log, 1991, 2010);
            log.finish(RunStatus.FINISHED);
        }
        assertWhole(run);
        assertThat(fake.seen().subList(before, fake.seen().size()))
                .filteredOn(seen -> seen.path().endsWith("log-batch"))
                .allSatisfy(seen -> assertThat(seen.bytes()).isLessThan(10_000));
    }

    @Test
    void whatIsAddedToAnEndedRunFollows() throws Exception {
        String run;
        try (MirroredBook book = patient()) {
            try (BookLog log = TestRuns.begin(book)) {
                run = log.runId();
                log(log, 1, 3);
                log.finish(RunStatus.FINISHED);
            }
            book.book().tag(run, Map.of("switchlab.verdict", "IDENTICAL"));
            book.book().keep(run, "report.html", "<p>again</p>");
            book.update(book.find(run));
        }
        assertWhole(run);
    }

    @Test
    void parentsAreKnownByTheServersId() throws Exception {
        String parent;
        String child;
        try (MirroredBook book = withoutServer();
                BookLog of = TestRuns.begin(book);
                BookLog below = TestRuns.begin(book, TestRuns.childOf(of.runId()))) {
            parent = of.runId();
            child = below.runId();
            below.finish(RunStatus.FINISHED);
            of.finish(RunStatus.FINISHED);
        }
        try (MirroredBook book = patient()) {
            book.flush(book.find(child));
            book.flush(book.find(parent));
        }
        assertWhole(parent);
        assertWhole(child);
    }

    @Test
    void credentialsGoWithEveryRequestAndNowhereElse() throws Exception {
        fake.requireAuthorization(BASIC);
        RunInfo info = TestRuns.withParams(Map.of("origin", "https://ada:s3cret-pass@git.example.org/lab.git"));
        String run = run(open(fake.uri(), LONG, LONG, USER), info, log -> {
            log.text("a.txt", "the password is s3cret-pass, the header " + BASIC);
            log.tags(Map.of("environment", "MLFLOW_TRACKING_PASSWORD=s3cret-pass"));
        });
        assertWhole(run);
        assertThat(fake.seen())
                .allSatisfy(seen -> assertThat(seen.authorization()).isEqualTo(BASIC));
        assertThat(rows.params(run)).containsEntry("origin", "https://***@git.example.org/lab.git");
        assertThat(texts(folder)).doesNotContain("s3cret-pass", BASIC.substring(6));
        assertThat(notices).isEmpty();
    }

    @Test
    void wrongCredentialsAreToldAndTheRunIsSentWithTheRightOnes() throws Exception {
        fake.requireAuthorization(BASIC);
        String run;
        try (MirroredBook book = open(fake.uri(), LONG, LONG, Map.of("MLFLOW_TRACKING_TOKEN", "t0ken"));
                BookLog log = TestRuns.begin(book)) {
            run = log.runId();
            log(log, 1, 20);
            log.finish(RunStatus.FINISHED);
            assertThatThrownBy(() -> book.find("x")).hasMessageContaining("HTTP 401");
        }
        assertThat(notices.get(0))
                .contains("it answered HTTP 401 (MLFLOW_TRACKING_USERNAME and _PASSWORD, or MLFLOW_TRACKING_TOKEN)")
                .doesNotContain("t0ken");
        assertThat(rows.points(run)).hasSizeGreaterThanOrEqualTo(40);
        flush(open(fake.uri(), LONG, LONG, USER), run);
        assertWhole(run);
    }

    @Test
    void anotherServiceIsNotTakenForMlflow() throws Exception {
        fake.changeAnswers(json -> "<html>Welcome</html>");
        run(open(fake.uri(), LONG, SHORT, Map.of()), log -> {});
        assertThat(notices.get(0)).contains("is it an MLflow tracking server?");
    }

    @Test
    void filesOfAServerThatDoesNotHandThemOnStayInTheBook() throws Exception {
        fake.close();
        fake = FakeMlflow.withArtifactsAt("s3://bucket/", folder.resolve("other"));
        String run = run(patient(), log -> {
            log(log, 1, 3);
            log.text("a.txt", "one");
            log.text("b.txt", "two");
        });
        try (MirroredBook book = patient()) {
            assertThat(book.behind()).isEmpty();
        }
        assertThat(notices).singleElement().asString().contains("files stay in the book", "s3://bucket/");
        assertThat(fake.seen()).noneMatch(seen -> seen.method().equals("PUT"));
        assertThat(copies().ofRun(run)).hasSize(1);
        assertThat(rows.artifacts(run)).containsKeys("a.txt", "b.txt");
    }

    @Test
    void anOldServerWithoutDatasetsTakesTheRest() throws Exception {
        fake.lack("runs/log-inputs");
        String run = run(patient(), log -> log(log, 1, 3));
        assertThat(notices).singleElement().asString().contains("does not take its dataset");
        assertThat(fake.rows().status(copies().id(run))).isEqualTo("FINISHED");
        assertThat(fake.rows().points(copies().id(run))).isNotEmpty();
    }

    /** From one book to a server, and from there into an empty one. */
    @Test
    void aRunThatOnlyTheServerHasComesIntoTheBook() throws Exception {
        String run = run(patient(), log -> {
            log(log, 1, 26_000);
            log.metrics(1, Map.of("odd", Double.NaN));
            log.text("plots/a b.txt", "größer");
        });
        BookRows other = new BookRows(folder.resolve("other"));
        String there = copies().id(run);
        BookRows first = rows;
        rows = other;
        try (MirroredBook book = patient()) {
            Run fetched = book.find("smoke seed 1");
            assertThat(fetched.runId()).isEqualTo(there);
            assertThat(book.find(there.substring(0, 8))).isEqualTo(fetched);
            assertThat(book.book().runs(Optional.of("smoke"), 9)).containsExactly(fetched);
            assertThat(book.behind()).isEmpty();
        }
        assertThat(other.points(there)).isEqualTo(first.points(run));
        assertThat(other.params(there)).isEqualTo(first.params(run));
        assertThat(other.tags(there)).containsEntry("corpus", "dickens").containsEntry(Copies.KEY, run);
        assertThat(other.datasets(there)).isEqualTo(first.datasets(run));
        assertThat(other.status(there)).isEqualTo("FINISHED");
        assertThat(other.artifacts(there))
                .containsOnlyKeys("plots/a b.txt")
                .containsEntry("plots/a b.txt", "größer".getBytes(StandardCharsets.UTF_8));
        // The book that it came from has it under its own id.
        rows = first;
        try (MirroredBook book = patient()) {
            assertThat(book.find(there).runId()).isEqualTo(run);
        }
    }

    @Test
    void aSweepThatOnlyTheServerHasComesWithItsRuns() throws Exception {
        try (MirroredBook book = patient();
                BookLog sweep = TestRuns.begin(book, TestRuns.named("sweep", Map.of(RunInfo.SUMMARY_TAG, "1")));
                BookLog setting = TestRuns.begin(
                        book,
                        TestRuns.named(
                                "setting", Map.of(RunInfo.SUMMARY_TAG, "1", RunInfo.PARENT_TAG, sweep.runId())));
                BookLog child = TestRuns.begin(book, TestRuns.childOf(setting.runId()))) {
            log(child, 1, 5);
            child.finish(RunStatus.FINISHED);
            setting.finish(RunStatus.FINISHED);
            sweep.finish(RunStatus.FINISHED);
        }
        rows = new BookRows(folder.resolve("other"));
        try (MirroredBook book = patient()) {
            Run sweep = book.find("sweep");
            Run setting = book.book().children(sweep.runId()).get(0);
            Run child = book.book().children(setting.runId()).get(0);
            assertThat(List.of(sweep.name(), setting.name(), child.name()))
                    .containsExactly("sweep", "setting", "child");
            assertThat(rows.lastStep(child.runId(), "train/loss")).isEqualTo(5);
        }
    }

    /** Fetched while another machine trained it, then resumed here from a copied checkpoint. */
    @Test
    void aFetchedRunThatWasContinuedHereIsKeptWithAWarning() throws Exception {
        String there = createOnServer();
        logOnServer(there, "train/loss", 1);
        try (MirroredBook book = patient()) {
            assertThat(book.find(there).metrics()).containsOnlyKeys("train/loss");
            logOnServer(there, "train/loss", 2);
            book.find(there);
            assertThat(rows.lastStep(there, "train/loss")).isEqualTo(2);

            try (BookLog log = book.book().resume(there, 2)) {
                log.metrics(3, Map.of("train/loss", 0.5));
                log.sync();
                logOnServer(there, "valid/loss", 3);
                Map<String, String> tags = rows.tags(there);
                assertThat(book.find(there).metrics()).containsOnlyKeys("train/loss");
                assertThat(rows.lastStep(there, "train/loss")).isEqualTo(3);
                assertThat(rows.tags(there)).isEqualTo(tags);
                log.finish(RunStatus.FINISHED);
            }
        }
        assertThat(notices)
                .last()
                .asString()
                .startsWith("run " + there + " is not copied: it was continued in both stores, " + fake.uri());
    }

    private String createOnServer() throws Exception {
        return fake.call("runs/create", "{\"experiment_id\":\"0\",\"run_name\":\"job\",\"start_time\":1}")
                .at("/run/info/run_id")
                .asText();
    }

    private void logOnServer(String run, String key, int step) throws Exception {
        String point = "{\"run_id\":\"%s\",\"key\":\"%s\",\"value\":1.5,\"timestamp\":%d,\"step\":%d}";
        fake.call("runs/log-metric", point.formatted(run, key, step, step));
    }

    /** As MLFLOW_RUN_ID and MLFLOW_EXPERIMENT_NAME ask for it. */
    @Test
    void aRunOfTheServerIsLoggedToAndTheNextOneIsAnother() throws Exception {
        String there = createOnServer();
        MlflowEnvironment environment = new MlflowEnvironment(
                Optional.of(fake.uri()), Credentials.none(), Optional.of("routers"), Optional.of(there));
        String next;
        try (MirroredBook book = MirroredBook.open(rows.folder(), environment, Mirror.Timing.DEFAULT, notices::add)) {
            assertThat(book.experimentName("smoke")).isEqualTo("routers");
            try (BookLog log = TestRuns.begin(book)) {
                assertThat(log.runId()).isEqualTo(there);
                log(log, 1, 5);
                log.finish(RunStatus.FINISHED);
            }
            try (BookLog log = TestRuns.begin(book)) {
                next = log.runId();
                log.finish(RunStatus.FINISHED);
            }
            assertThat(next).isNotEqualTo(there);
        }
        assertThat(rows.points(there)).isNotEmpty();
        assertThat(fake.rows().points(there)).isEqualTo(rows.points(there));
        assertThat(fake.rows().status(there)).isEqualTo("FINISHED");
        try (MirroredBook book = MirroredBook.open(rows.folder(), environment, Mirror.Timing.DEFAULT, notices::add)) {
            assertThatThrownBy(() -> TestRuns.begin(book))
                    .isInstanceOf(BookException.class)
                    .hasMessageContaining("a training was logged to run " + there + " already; continue it with: make"
                            + " resume RUN=" + there.substring(0, 8));
        }
    }

    private MirroredBook into(String folderName, String runId) {
        MlflowEnvironment environment = new MlflowEnvironment(
                Optional.of(fake.uri()), Credentials.none(), Optional.empty(), Optional.of(runId));
        return MirroredBook.open(folder.resolve(folderName), environment, Mirror.Timing.DEFAULT, notices::add);
    }

    /** Two books, one run: parameters of the first training and files of the second. */
    @Test
    void twoTrainingsAreNeverLoggedToOneRunOfTheServer() throws Exception {
        String there = createOnServer();
        String name;
        try (MirroredBook book = into("runs", there);
                BookLog log = TestRuns.begin(book)) {
            name = book.find(there).name();
            log.finish(RunStatus.FINISHED);
        }
        assertThat(name).as("the user's name of the run").isEqualTo("job");
        assertThat(fake.rows().tags(there)).containsEntry("mlflow.runName", "job");
        Map<String, String> tags = fake.rows().tags(there);
        try (MirroredBook book = into("other", there)) {
            assertThatThrownBy(() -> TestRuns.begin(book))
                    .isInstanceOf(BookException.class)
                    .hasMessageContaining("already; continue it with: make resume RUN=" + there.substring(0, 8));
        }
        assertThat(fake.rows().tags(there)).isEqualTo(tags);
        assertThat(new BookRows(folder.resolve("other")).runs()).isEmpty();
    }

    @Test
    void aRunThatTheServerDoesNotHaveIsRefusedAtTheStart() throws Exception {
        String unknown = "0123456789abcdef0123456789abcdef";
        String deleted = createOnServer();
        fake.call("runs/delete", "{\"run_id\":\"" + deleted + "\"}");
        for (Map.Entry<String, String> refused : Map.of(
                        unknown, "it does not have run " + unknown, deleted, "is deleted; restore it there")
                .entrySet()) {
            try (MirroredBook book = into("runs", refused.getKey())) {
                assertThatThrownBy(book::newRunId)
                        .isInstanceOf(BookException.class)
                        .hasMessageStartingWith("MLFLOW_RUN_ID: ")
                        .hasMessageContaining(refused.getValue());
            }
        }
        fake.close();
        try (MirroredBook book = into("runs", unknown)) {
            assertThatThrownBy(book::newRunId).hasMessageContaining("nothing answers there (connection refused)");
        }
        assertThat(rows.runs()).isEmpty();
    }

    @Test
    void aNameThatAUserGivesOnTheServerStays() throws Exception {
        String run = run(patient(), log -> log(log, 1, 3));
        String there = copies().id(run);
        fake.call("runs/set-tag", "{\"run_id\":\"" + there + "\",\"key\":\"mlflow.runName\",\"value\":\"mine\"}");
        try (MirroredBook book = patient()) {
            book.book().addMetrics(run, 3, Map.of("evaluate/cross_entropy", 1.0));
            book.flush(book.find(run));
        }
        assertThat(fake.rows().tags(there)).containsEntry("mlflow.runName", "mine");
        assertThat(fake.rows().lastStep(there, "evaluate/cross_entropy")).isEqualTo(3);
    }

    @Test
    void theServerShowsTheViewOfTheBookAndAnAddressOnlyWhileItAnswers() throws Exception {
        for (String experts : new String[] {"2", "8"}) {
            RunInfo info = TestRuns.withParams(Map.of("model.n_experts", experts, "model.n_layers", "2"));
            String run = run(patient(), info, log -> log(log, 1, 3));
            String ofBook = rows.texts("SELECT value FROM experiment_tags WHERE key LIKE 'mlflow.sharedView%'")
                    .get(0);
            assertThat(fake.rows().texts("SELECT value FROM experiment_tags WHERE key = ?", SharedView.TAG))
                    .containsExactly(ofBook);
            try (MirroredBook book = patient()) {
                assertThat(book.address(book.find(run)))
                        .hasValue(fake.uri() + "/#/experiments/1/runs/" + copies().id(run));
            }
        }
        fake.plan((method, path, number) -> Fault.CUT_BEFORE);
        try (MirroredBook book = patient()) {
            assertThat(book.address(book.book().runs(Optional.empty(), 1).get(0)))
                    .isEmpty();
        }
    }

    @Test
    void aFileThatLeadsOutOfTheRunsFolderIsRefused() throws Exception {
        String there = createOnServer();
        for (String trap : new String[] {"../../../../evil.txt", "/tmp/evil.txt", "a/../../evil.txt"}) {
            fake.changeAnswers(json -> json.contains("root_uri")
                    ? "{\"files\":[{\"path\":\"" + trap + "\",\"is_dir\":false,\"file_size\":1}]}"
                    : json);
            try (MirroredBook book = patient()) {
                assertThatThrownBy(() -> book.find(there))
                        .isInstanceOf(BookException.class)
                        .hasMessageContaining(trap)
                        .hasMessageNotContaining("\n");
            }
            assertThat(rows.runs()).isEmpty();
            try (Stream<Path> files = Files.walk(folder)) {
                assertThat(files).noneMatch(file -> file.endsWith("evil.txt"));
            }
        }
    }

    @Test
    void aRunThatNobodyHasIsToldInOneLine() {
        try (MirroredBook book = patient()) {
            for (String text : new String[] {"nonesuch", "0123456789abcdef0123456789abcdef", "it's \"odd`"}) {
                assertThatThrownBy(() -> book.find(text))
                        .isInstanceOf(BookException.class)
                        .hasMessageContaining("run '" + text + "': there is none in ")
                        .hasMessageNotContaining("\n");
            }
        }
        URI uri = fake.uri();
        fake.close();
        try (MirroredBook book = hasty(uri, Duration.ofSeconds(2))) {
            assertThatThrownBy(() -> book.find("nonesuch"))
                    .isInstanceOf(BookException.class)
                    .hasMessageContaining("nothing answers there (connection refused)");
        }
    }

    /** Everything in the files of a folder, as Latin-1. */
    private static String texts(Path folder) throws Exception {
        StringBuilder all = new StringBuilder();
        for (byte[] bytes : BookRows.files(folder).values()) {
            all.append(new String(bytes, StandardCharsets.ISO_8859_1));
        }
        return all.toString();
    }
}
