package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.experiment.ExperimentException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GridTest {

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
        assertThat(Grid.parse("  ")).isEqualTo(Grid.none());
        assertThat(Grid.none().combinations()).containsExactly(Map.of());
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
}
