package dev.switchlab.runs;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that a server would refuse are refused before the run starts. */
final class KeysTest {

    @ParameterizedTest
    @ValueSource(strings = {"train/loss", "layer0/load/expert3", "a b", "a:b", "..a", "a..b", ".hidden", "x"})
    void isTaken(String key) {
        assertThatCode(() -> Keys.check("metric", key)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "loss@1", "loss#1", "größe", "a%", "a\nb", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b"})
    void isRefused(String key) {
        assertThatThrownBy(() -> Keys.check("metric", key))
                .isInstanceOf(BookException.class)
                .hasMessageStartingWith("metric '" + key + "': ");
    }

    @Test
    void lengthsAreChecked() {
        assertThatCode(() -> Keys.check("param", "k".repeat(250))).doesNotThrowAnyException();
        assertThatThrownBy(() -> Keys.check("param", "k".repeat(251)))
                .hasMessage("param '" + "k".repeat(40) + "...': the name has 251 characters; MLflow takes up to 250");
    }

    @Test
    void aRunWithAWrongParamIsNotEvenDescribed() {
        Map<String, String> params = Map.of("model.d_model", "8", "model@heads", "4");
        assertThatThrownBy(() -> TestRuns.withParams(params))
                .hasMessageStartingWith("param 'model@heads': MLflow takes only letters");
        assertThatThrownBy(() -> TestRuns.of(" ")).hasMessageStartingWith("experiment name ' ': allowed are");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/etc/passwd", "../up", "a/../../b", "a\\b", "a/", "a\u0000b"})
    void anArtifactStaysInsideItsRun(String path) {
        assertThatThrownBy(() -> Keys.checkArtifactPath(path)).isInstanceOf(BookException.class);
    }
}
