package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.sweep.SweepSpec.Grid;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SweepSpecTest {

    @Test
    void allCombinationsTheLastSettingChangingFastest() {
        Grid grid = Grid.parse("model.n_experts=2,4  train.z_loss=0, 0.001".replace(", ", ","));
        assertThat(grid.combinations())
                .containsExactly(
                        Map.of("model.n_experts", "2", "train.z_loss", "0"),
                        Map.of("model.n_experts", "2", "train.z_loss", "0.001"),
                        Map.of("model.n_experts", "4", "train.z_loss", "0"),
                        Map.of("model.n_experts", "4", "train.z_loss", "0.001"));
        assertThat(grid).hasToString("model.n_experts=2,4 train.z_loss=0,0.001");
        assertThat(Grid.parse(grid.toString())).isEqualTo(grid);
    }

    @Test
    void withoutSettingsThereIsOneCombinationOfNothing() {
        assertThat(Grid.parse("  ")).isEqualTo(Grid.NONE);
        assertThat(Grid.NONE.combinations()).containsExactly(Map.of());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.n_experts               | not an assignment",
                "model.n_experts=              | empty value",
                "model.n_experts=2,,4          | empty value",
                "model.n_experts=2,4,2         | a value twice",
                "train.z_loss=0 train.z_loss=1 | set twice",
                "seed=1,2                      | SEEDS",
            })
    void whatIsNoGridIsRefusedInOneLine(String text, String message) {
        assertThatThrownBy(() -> Grid.parse(text))
                .isInstanceOf(ExperimentException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void seedsAreARangeOrAList() {
        assertThat(SweepSpec.parseSeeds("1..5")).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(SweepSpec.parseSeeds("-1..1")).containsExactly(-1L, 0L, 1L);
        assertThat(SweepSpec.parseSeeds(" 7, 1,3 ")).containsExactly(7L, 1L, 3L);
        assertThat(SweepSpec.parseSeeds("4")).containsExactly(4L);
    }

    @Test
    void otherSeedsAreRefusedInOneLine() {
        for (String wrong : new String[] {
            "", "x", "5..1", "1..", "1,,2", "1,1", "1..5,7", "0..99999999", "1.5", "99999999999999999999"
        }) {
            assertThatThrownBy(() -> SweepSpec.parseSeeds(wrong))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "SEEDS is '" + wrong + "', allowed: a range or a list of at most 1000 different seeds, for"
                                    + " example 1..5 or 1,2,7");
        }
    }
}
