package dev.switchlab.runs.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.runs.BookException;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A wrong address gets one clear line. */
final class TrackingUriTest {

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
    void isRefused(String text, String why) {
        assertThatThrownBy(() -> TrackingUri.parse(text))
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
        assertThatThrownBy(() -> TrackingUri.parse(text))
                .isInstanceOf(BookException.class)
                .hasMessageStartingWith("MLFLOW_TRACKING_URI: '")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3", "cret", "t0ken"));
    }

    @Test
    void anAddressIsTakenWithoutItsLastSlash() {
        assertThat(TrackingUri.parse("https://lab.example.org/mlflow/"))
                .isEqualTo(URI.create("https://lab.example.org/mlflow"));
        assertThat(TrackingUri.fromEnvironment(Map.of())).isEmpty();
        assertThat(TrackingUri.fromEnvironment(Map.of("MLFLOW_TRACKING_URI", " ")))
                .isEmpty();
        assertThat(TrackingUri.fromEnvironment(Map.of("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")))
                .contains(URI.create("http://127.0.0.1:5000"));
    }
}
