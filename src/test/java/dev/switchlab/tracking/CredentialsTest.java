package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.tracking.store.StoreConfig;
import dev.switchlab.tracking.store.TrackingServer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Credentials reach the server in every request, and nothing else. */
final class CredentialsTest {
    private static final String BASIC = "Basic YWRhOnMzY3JldC1wYXNz";
    private static final Map<String, String> USER =
            Map.of("MLFLOW_TRACKING_USERNAME", "ada", "MLFLOW_TRACKING_PASSWORD", "s3cret-pass");
    private static final Map<String, String> TOKEN = Map.of("MLFLOW_TRACKING_TOKEN", "t0ken-of-ada");

    @TempDir
    private Path serverRuns;

    @TempDir
    private Path runs;

    private final Notices notices = new Notices();
    private TrackingServer server;
    private FaultyProxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = TrackingServer.start(StoreConfig.of(serverRuns));
        proxy = new FaultyProxy(server.uri());
    }

    @AfterEach
    void stop() {
        proxy.close();
        server.close();
    }

    private TrackingStore store(Map<String, String> environment) {
        return TrackingStore.open(
                Optional.of(proxy.uri()),
                runs,
                TestOptions.of(
                        TestOptions.credentials(environment), Duration.ofSeconds(20), Duration.ofMillis(300), notices));
    }

    private static void logAll(MlflowRunLog log) {
        log.metrics(1, Map.of("train/loss", 1.0));
        log.text("a.txt", "the password is s3cret-pass, the token t0ken-of-ada, the header " + BASIC);
        log.params(Map.of("origin", "https://ada:s3cret-pass@git.example.org/lab.git"));
        log.tags(Map.of("environment", "MLFLOW_TRACKING_PASSWORD=s3cret-pass MLFLOW_TRACKING_TOKEN=t0ken-of-ada"));
    }

    @Test
    void aUserNameAndPasswordGoWithEveryRequestAndNowhereElse() throws IOException {
        proxy.requireAuthorization(BASIC);
        try (TrackingStore store = store(USER)) {
            MlflowRunLog log = store.startRun(TestRuns.info());
            logAll(log);
            assertThat(texts(runs)).doesNotContain("s3cret-pass", BASIC.substring(6));
            log.finish(RunStatus.FINISHED);
            assertThat(store.findRun(log.runId()).params())
                    .containsEntry("origin", "https://***@git.example.org/lab.git");
            Path back = runs.resolve("back");
            store.download(log.runId(), "a.txt", back);
            assertThat(back).content().startsWith("the password is ***, the token t0ken-of-ada, the header Basic ***");
        }
        assertThat(proxy.seen())
                .isNotEmpty()
                .allSatisfy(seen -> assertThat(seen.authorization()).isEqualTo(BASIC));
        assertThat(texts(serverRuns)).doesNotContain("s3cret-pass", BASIC.substring(6));
        assertThat(notices.all()).isEmpty();
    }

    @Test
    void aTokenGoesWithEveryRequestAndNowhereElse() throws IOException {
        proxy.requireAuthorization("Bearer t0ken-of-ada");
        try (TrackingStore store = store(TOKEN)) {
            MlflowRunLog log = store.startRun(TestRuns.info());
            logAll(log);
            log.finish(RunStatus.FINISHED);
            assertThat(store.findRun(log.runId()).status()).isEqualTo("FINISHED");
        }
        assertThat(texts(serverRuns)).doesNotContain("t0ken-of-ada");
        assertThat(notices.all()).isEmpty();
    }

    @Test
    void wrongOnesAreToldAtTheStartAndLeaveNothing() {
        proxy.requireAuthorization(BASIC);
        try (TrackingStore store = store(TOKEN)) {
            assertThatThrownBy(() -> store.startRun(TestRuns.info()))
                    .isInstanceOf(TrackingException.class)
                    .hasMessage(
                            "MLflow server " + proxy.uri()
                                    + ": it answered HTTP 401 (MLFLOW_TRACKING_USERNAME and _PASSWORD, or MLFLOW_TRACKING_TOKEN)");
            assertThatThrownBy(() -> store.findRun("x")).hasMessageContaining("HTTP 401");
        }
        assertThat(runs.resolve("spool")).isEmptyDirectory();
    }

    @Test
    void onesThatExpireKeepTheRest() {
        proxy.requireAuthorization(BASIC);
        String id;
        try (TrackingStore store = store(USER)) {
            MlflowRunLog log = store.startRun(TestRuns.info());
            id = log.runId();
            proxy.requireAuthorization("another");
            log.metrics(1, Map.of("train/loss", 1.0));
            log.finish(RunStatus.FINISHED);
            assertThat(notices.all().get(0)).contains("HTTP 401").doesNotContain("s3cret");
            proxy.requireAuthorization(BASIC);
            store.flush(id);
            assertThat(store.findRun(id).metrics()).containsEntry("train/loss", 1.0);
        }
    }

    @Test
    void anotherServiceIsNotTakenForMlflow() {
        proxy.changeAnswers(json -> "<html>Welcome</html>");
        try (TrackingStore store = store(Map.of())) {
            assertThatThrownBy(() -> store.startRun(TestRuns.info()))
                    .isInstanceOf(TrackingException.class)
                    .hasMessageContaining("is it an MLflow tracking server?");
        }
        proxy.target(URI.create(server.uri() + "/elsewhere"));
        try (TrackingStore store = store(Map.of())) {
            assertThatThrownBy(() -> store.startRun(TestRuns.info()))
                    .isInstanceOf(TrackingException.class)
                    .hasMessageContaining("it is not an MLflow tracking server");
        }
    }

    @Test
    void halfOfThemIsRefused() {
        assertThatThrownBy(() -> Credentials.fromEnvironment(Map.of("MLFLOW_TRACKING_PASSWORD", "s3cret-pass")))
                .hasMessage(
                        "MLFLOW_TRACKING_USERNAME is not set but MLFLOW_TRACKING_PASSWORD is; set both, or neither");
        assertThat(Credentials.fromEnvironment(USER)).hasToString("a user name and password");
        assertThat(Credentials.fromEnvironment(TOKEN)).hasToString("a token");
    }

    /** Everything in the files of a folder, as Latin-1. */
    private static String texts(Path folder) throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.append(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        return all.toString();
    }
}
