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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "./mlruns | is a file path, not an address",
                "/data/mlruns | is a file path, not an address",
                "file:///data/mlruns | is a file path, not an address",
                "HTTP://lab:5000 | has its scheme in upper case",
                "Https://lab:5000 | has its scheme in upper case",
                "databricks://profile | has the scheme 'databricks'",
                "sqlite:///mlflow.db | has the scheme 'sqlite'",
                "localhost:5000 | has the scheme 'localhost'",
                "http://lab:5000/?a=b | has a query or a fragment",
                "http://lab:5000/#/experiments | has a query or a fragment",
                "http:///x | has no host name",
                "http://my host:5000 | is not an address",
            })
    void anAddressThatIsNoneIsRefused(String text, String why) {
        assertThatThrownBy(() -> MlflowEnvironment.trackingUri(text))
                .isInstanceOf(BookException.class)
                .hasMessage("MLFLOW_TRACKING_URI: '" + text + "' " + why
                        + "; allowed: an http:// or https:// address, e.g. http://127.0.0.1:5000, or nothing for the book"
                        + " in runs/ alone");
    }

    @ParameterizedTest
    @CsvSource({
        "http://ada:s3cret@lab:5000",
        "http://t0ken@lab:5000",
        "http://ada:s3cret@my_lab:5000",
        "http://ada:s3 cret@lab:5000",
        "HTTP://ada:s3cret@lab:5000",
        "ftp://ada:s3cret@lab:5000",
        "ada:s3cret@lab:5000"
    })
    void credentialsInItAreRefusedAndNotRepeated(String text) {
        assertThatThrownBy(() -> MlflowEnvironment.trackingUri(text))
                .isInstanceOf(BookException.class)
                .hasMessageStartingWith("MLFLOW_TRACKING_URI: '")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3", "cret", "t0ken"));
    }

    @Test
    void anAddressIsTakenWithoutItsLastSlash() {
        assertThat(MlflowEnvironment.trackingUri("https://lab.example.org/mlflow/"))
                .isEqualTo(URI.create("https://lab.example.org/mlflow"));
        assertThat(of(Map.of("MLFLOW_TRACKING_URI", " ")).server()).isEmpty();
    }
}
