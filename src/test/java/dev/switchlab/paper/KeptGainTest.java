package dev.switchlab.paper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Setting;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KeptGainTest {

    private final FakeRuns runs = new FakeRuns();

    /** The teacher, its first seed, gains .5; the student .15 with the first seed and .1 with the second. */
    @Test
    void theShareOfTheGainOfOneTeacher() {
        Setting dense = runs.variant("dense", "model.n_experts=1", 2.0, 2.0);
        Setting teacher = runs.variant("switch-8", "model.n_experts=8", 1.5, 1.0);
        Setting other = runs.variant("switch-4", "model.n_experts=4", 1.5, 1.0);
        Setting student = runs.variant("student", "model.n_experts=1 train.teacher=16/switch-8/1", 1.85, 1.9);
        assertThat(kept(dense, teacher, student)).isEqualTo("25 % [20 % 30 %]");
        assertThat(kept(dense, other, student)).isEmpty();
    }

    private String kept(Setting... variants) {
        Comparison comparison = Comparison.of(
                runs,
                IntStream.range(0, variants.length)
                        .mapToObj(i -> Setting.of(i, variants[i].name(), variants[i].runs()))
                        .toList(),
                "dense",
                Map.of(),
                Double.NaN);
        return Column.KEPT_GAIN.cell(comparison.settings().get(2), comparison);
    }
}
