package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What was recorded before there was a setting still says the same. */
class LaterSettingsTest {

    private static final Map<String, String> NOTHING = LaterSettings.complete(Map.of());

    @ParameterizedTest
    @EnumSource(Semantics.class)
    void aLaterSettingIsOffWhereNothingElseIsSaid(Semantics semantics) {
        assertThat(NOTHING).containsEntry("model.norm", "layer");
        // Texts as records write them: a 0 that comes back as 0.0 would be another value.
        assertThat(Experiment.of(semantics).toParams()).containsAllEntriesOf(NOTHING);
    }

    @ParameterizedTest
    @EnumSource(Semantics.class)
    void anOlderRecordMeansItsDefault(Semantics semantics) {
        Experiment now = Experiment.of(semantics, "model.heads=2");
        String older = now.toYaml()
                .lines()
                .filter(line -> NOTHING.keySet().stream()
                        .noneMatch(key -> line.startsWith("  " + key.substring(key.indexOf('.') + 1) + ":")))
                .reduce("", (text, line) -> text + line + "\n");
        assertThat(older).doesNotContain("norm:").isNotEqualTo(now.toYaml());
        assertThat(ExperimentLoader.parse(older, "an older run")).isEqualTo(now);
        Map<String, String> params = new LinkedHashMap<>(now.toParams());
        params.keySet().removeAll(NOTHING.keySet());
        assertThat(LaterSettings.complete(params)).isEqualTo(now.toParams());
        assertThat(LaterSettings.timeless(now.toParams())).isEqualTo(params);
    }

    /** Batched matrix products were a third form; what kernels compute differs from theirs by rounding alone. */
    @Test
    void aFormOfDispatchThatIsGoneIsTheFusedOne() {
        Experiment now = Experiment.of(Semantics.PAPER);
        String older = now.toYaml().replace("dispatch: fused", "dispatch: batched");
        assertThat(older).isNotEqualTo(now.toYaml());
        assertThat(ExperimentLoader.parse(older, "an older run")).isEqualTo(now);
    }

    @Test
    void whatIsOnStays() {
        Map<String, String> on =
                Experiment.of(Semantics.PAPER, "model.norm=rms").toParams();
        assertThat(LaterSettings.complete(on)).isEqualTo(on);
        assertThat(LaterSettings.timeless(on)).containsEntry("model.norm", "rms");
        assertThat(LaterSettings.complete(Map.of("experiment.model.norm", "rms"), "experiment."))
                .containsEntry("experiment.model.norm", "rms");
    }
}
