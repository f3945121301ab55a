package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TypedTest {

    @Test
    void isWhatMakeWasGiven() {
        Map<String, String> environment = Map.of(
                "SWITCHLAB_EXPERIMENT", "smoke",
                "SWITCHLAB_SET", "train.steps=5 train.sample_prompt=\"it's\"",
                "SWITCHLAB_CACHE", "/somewhere",
                "SWITCHLAB_DEBUG", "true",
                "PASSWORD", "secret");
        assertThat(Typed.command(List.of("train"), environment, Map.of()))
                .isEqualTo("make train EXPERIMENT=smoke SET='train.steps=5 train.sample_prompt=\"it'\\''s\"'");
    }

    @Test
    void variablesCanBeChangedAndDropped() {
        Map<String, String> environment = Map.of("SWITCHLAB_SEEDS", "1..5", "SWITCHLAB_EXPERIMENT", "smoke");
        assertThat(Typed.command(List.of("train"), environment, Map.of("SEEDS", "", "SEED", "3")))
                .isEqualTo("make train EXPERIMENT=smoke SEED=3");
    }

    @Test
    void optionsAreKept() {
        assertThat(Typed.command(List.of("train", "--set", "a=1 b=2"), Map.of(), Map.of()))
                .isEqualTo("make train  # with the options --set 'a=1 b=2'");
    }

    @Test
    void anOptionThatAChangeStandsForIsDropped() {
        Map<String, String> changes = Map.of("SEEDS", "", "SEED", "3");
        String command = "make train SEED=3  # with the options --experiment smoke --threads 1";
        assertThat(Typed.command(
                        List.of("train", "--experiment", "smoke", "--seeds", "1..5", "--threads", "1"),
                        Map.of(),
                        changes))
                .isEqualTo(command);
        assertThat(Typed.command(
                        List.of("train", "--experiment", "smoke", "--seeds=1..5", "--threads", "1"), Map.of(), changes))
                .isEqualTo(command);
    }
}
