package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.sweep.SweepSpec.Grid;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SweepSpecTest {

    @Test
    void allCombinationsTheLastSettingChangingFastest() {
        Grid grid = Grid.parse("model.n_experts=2,4  train.z_loss=0,0.001");
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

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"1..5 | 1,2,3,4,5", "-1..1 | -1,0,1", "' 7, 1,3 ' | 7,1,3", "4 | 4"})
    void seedsAreARangeOrAList(String text, String seeds) {
        assertThat(SweepSpec.parseSeeds(text))
                .containsExactly(
                        Stream.of(seeds.split(",", -1)).map(Long::valueOf).toArray(Long[]::new));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "x", "5..1", "1..", "1,,2", "1,1", "1..5,7", "0..99999999", "1.5", "99999999999999999999"})
    void otherSeedsAreRefusedInOneLine(String wrong) {
        assertThatThrownBy(() -> SweepSpec.parseSeeds(wrong))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("SEEDS is '" + wrong + "', allowed: a range or a list of at most 1000 different seeds, for"
                        + " example 1..5 or 1,2,7");
    }
}
