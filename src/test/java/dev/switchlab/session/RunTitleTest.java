package dev.switchlab.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunTitleTest {

    private final Experiment smoke = ExperimentLoader.load("smoke", List.of(), Path.of("experiments"));

    private RunTitle of(String changes) {
        return RunTitle.of(ExperimentLoader.changes(List.of(changes)));
    }

    /** Changes that do not fit are counted. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "\"\" | 1 | seed 1",
                "seed=7 | 7 | seed 7",
                "model.n_experts=8 train.sample_prompt=To | -3 | n_experts=8 sample_prompt=To seed -3",
                "model.capacity_factor=1.25 model.load_balance=0.001 train.learning_rate=0.001 train.steps=5 | 1"
                        + " | capacity_factor=1.25 load_balance=0.001 learning_rate=0.001 +1 seed 1",
                "corpus=/home/ada/my.txt | 1 | corpus=my.txt seed 1"
            })
    void aNameListsWhatWasChanged(String changes, long seed, String name) {
        assertThat(of(changes).name(seed)).isEqualTo(name);
    }

    @Test
    void aRepetitionIsCalledAlike() {
        assertThat(RunTitle.again(smoke, "n_experts=8 seed 1")).isEqualTo(new RunTitle("n_experts=8", true));
        assertThat(RunTitle.again(smoke, "seed 12")).isEqualTo(new RunTitle("", false));
        // Older runs begin with their experiment.
        assertThat(RunTitle.again(smoke, "smoke n_experts=8 seed 1")).isEqualTo(new RunTitle("n_experts=8", true));
        assertThat(RunTitle.again(smoke, "smoke seed 12")).isEqualTo(new RunTitle("", false));
    }

    @Test
    void whatToExpectIsSaidOfTheExperimentAsItIs() {
        assertThat(smoke.expect()).contains("2.31");
        assertThat(of("").description(smoke, false)).contains("Expect: " + smoke.expect());
        assertThat(of("").description(smoke, true)).isEqualTo(smoke.about());
        assertThat(of("train.steps=5").description(smoke, false)).isEqualTo(smoke.about());
    }
}
