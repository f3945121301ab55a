package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BaselineTest {

    /** A to D: two experts and four, with and without a z-loss; and E, another experiment. */
    private static Comparison comparison(String baseline) {
        Fakes fakes = new Fakes().parent("0d", "smoke");
        for (String setting : List.of("2 0.0", "2 0.001", "4 0.0", "4 0.001")) {
            String[] values = setting.split(" ", -1);
            String id = "f" + fakes.runs().size();
            fakes.run(id, "smoke", "seed=1", "model.n_experts=" + values[0], "train.z_loss=" + values[1])
                    .metric(id, "final/cross_entropy", fakes.runs().size());
        }
        fakes.below("f4", "0d").run("9", "dense", "seed=1").metric("9", "final/cross_entropy", 1);
        return Comparison.of(fakes, List.of("smoke", "dense"), baseline);
    }

    @ParameterizedTest
    @CsvSource({
        "'', A",
        "C, C",
        "model.n_experts=4 train.z_loss=0.001, D",
        "z_loss=1e-3 n_experts=2, B",
        "dense, E",
        "f2, B",
        "smoke f3, C",
        "0d, D",
    })
    void isNamedInManyWays(String text, String letter) {
        Comparison comparison = comparison(text);
        assertThat(comparison.baseline().orElseThrow().letter()).isEqualTo(letter);
        assertThat(comparison.differences())
                .hasSize(4)
                .allMatch(difference -> difference.baseline().letter().equals(letter))
                .noneMatch(difference -> difference.setting().letter().equals(letter));
    }

    @Test
    void noneOfTheSettingsIsRefused() {
        assertThatThrownBy(() -> comparison("n_experts=3"))
                .hasMessage(
                        "BASELINE 'n_experts=3' is none of the settings, allowed: a letter from A to E, parameters of a"
                                + " setting, or one of its runs, for example BASELINE=E");
    }

    @Test
    void severalSettingsAreRefused() {
        assertThatThrownBy(() -> comparison("n_experts=4"))
                .hasMessageStartingWith("BASELINE 'n_experts=4' is several of the settings, C, D, allowed: a letter");
    }
}
