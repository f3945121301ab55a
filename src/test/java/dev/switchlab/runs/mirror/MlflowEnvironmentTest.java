package dev.switchlab.runs.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.runs.BookException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MlflowEnvironmentTest {
    private static final String ID = "0123456789abcdef0123456789abcdef";
    private static final String SERVER = "http://127.0.0.1:5000";
    private static final Map<String, String> USER =
            Map.of("MLFLOW_TRACKING_USERNAME", "ada", "MLFLOW_TRACKING_PASSWORD", "s3cret-pass");

    @TempDir
    Path home;

    private MlflowEnvironment of(Map<String, String> environment) {
        return MlflowEnvironment.of(environment, home);
    }

    @Test
    void nothingIsSaid() {
        assertThat(of(Map.of("MLFLOW_EXPERIMENT_NAME", " ")))
                .usingRecursiveComparison()
                .isEqualTo(MlflowEnvironment.NONE);
    }

    @Test
    void serverExperimentAndRun() {
        MlflowEnvironment environment = of(
                Map.of("MLFLOW_TRACKING_URI", SERVER + "/", "MLFLOW_EXPERIMENT_NAME", "routers", "MLFLOW_RUN_ID", ID));
        assertThat(environment.server()).contains(URI.create(SERVER));
        assertThat(environment.experimentName()).contains("routers");
        assertThat(environment.runId()).contains(ID);
    }

    @Test
    void aRunNeedsAnIdAndAServer() {
        assertThatThrownBy(() -> of(Map.of("MLFLOW_TRACKING_URI", SERVER, "MLFLOW_RUN_ID", "mine")))
                .isInstanceOf(BookException.class)
                .hasMessageStartingWith(
                        "MLFLOW_RUN_ID is 'mine', allowed: the id of a run, 32 hexadecimal digits, e.g. ");
        assertThatThrownBy(() -> of(Map.of("MLFLOW_RUN_ID", ID)))
                .isInstanceOf(BookException.class)
                .hasMessageContaining("MLFLOW_TRACKING_URI names no server that has it");
    }

    @Test
    void credentialsOfTheEnvironment() {
        assertThat(of(USER).credentials()).hasToString("a user name and password");
        assertThat(of(Map.of("MLFLOW_TRACKING_TOKEN", "t0ken")).credentials()).hasToString("a token");
        assertThatThrownBy(() -> of(Map.of("MLFLOW_TRACKING_PASSWORD", "s3cret-pass")))
                .hasMessage(
                        "MLFLOW_TRACKING_USERNAME is not set but MLFLOW_TRACKING_PASSWORD is; set both, or neither");
    }

    @Test
    void credentialsOfMlflowsFileWhereTheEnvironmentHasNone() throws IOException {
        Path file = home.resolve(".mlflow").resolve("credentials");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "[mlflow]\nmlflow_tracking_username = grace\nmlflow_tracking_password = h0pper-pass\n");
        assertThat(of(Map.of()).credentials().authorization()).contains("Basic Z3JhY2U6aDBwcGVyLXBhc3M=");
        assertThat(of(Map.of()).credentials().secrets()).contains("h0pper-pass");
        assertThat(of(USER).credentials().secrets()).contains("s3cret-pass").doesNotContain("h0pper-pass");
    }
}
