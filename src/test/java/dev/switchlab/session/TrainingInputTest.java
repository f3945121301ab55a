package dev.switchlab.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.DataException;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.runs.Dataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Problems of a text are reported before training. */
class TrainingInputTest {

    @TempDir
    private Path folder;

    private Experiment on(String text) throws IOException {
        Path corpus = Files.writeString(folder.resolve("corpus.txt"), text);
        return ExperimentLoader.load("smoke", List.of("corpus=" + corpus, "train.seq_len=16"), Path.of("experiments"));
    }

    @ParameterizedTest
    @CsvSource({"3, 1, training, 2", "100, 1, validation, 10", "17, 16, training, 15"})
    void aTextShorterThanAWindow(int repetitions, int letters, String split, int characters) throws IOException {
        Experiment experiment =
                on("abcdefghijklmnop".substring(0, letters).repeat(repetitions).substring(0, repetitions));
        assertThatThrownBy(() -> TrainingInput.of(experiment, Map.of(), Origins.NONE))
                .isInstanceOf(DataException.class)
                .hasMessage(
                        "the %s split of the corpus has %d tokens; train.seq_len=16 needs at least 17; use a longer"
                                + " corpus or a smaller train.seq_len",
                        split, characters);
    }

    /** MLflow takes two datasets of one name and digest for one, with the splits of the first. */
    @Test
    void aHeldOutSplitIsADatasetOfItsOwn() throws IOException {
        Experiment experiment = on("abcdefghij".repeat(100));
        assertThat(dataset(experiment)).isEqualTo("corpus.txt 900 100");
        assertThat(dataset(experiment.with("validation=held_out")))
                .isEqualTo("corpus.txt (validation held out of training) 810 90");
    }

    private static String dataset(Experiment experiment) {
        Dataset dataset = TrainingInput.of(experiment.with("train.sample_prompt=a"), Map.of(), Origins.NONE)
                .dataset();
        return dataset.name() + " " + dataset.training() + " " + dataset.validation();
    }

    /** Any UTF-8 text can be trained on, also one without the letters of the prompt. */
    @ParameterizedTest
    @CsvSource({"ab, ab", "abx, say \"it's\" abcabcabcabca"})
    void aPromptOfOtherLettersGivesWayToTheTextsBeginning(String prompt, String expected) throws IOException {
        Experiment experiment =
                on(" \n\nsay \"it's\" " + "abc".repeat(200) + "\n").with("train.sample_prompt=" + prompt);
        List<String> notices = new ArrayList<>();
        Experiment used = TrainingInput.of(
                        experiment,
                        TextData.of(CorpusStore.create().open(experiment).corpus(), experiment),
                        Optional.empty(),
                        Origins.NONE,
                        RunTitle.of(Map.of()),
                        "auto",
                        notices::add)
                .experiment();
        assertThat(used.train().samplePrompt()).isEqualTo(expected);
        assertThat(used.with("train.sample_prompt=" + prompt)).isEqualTo(experiment);
        assertThat(ExperimentLoader.parse(used.toYaml(), "test")).isEqualTo(used);
        assertThat(notices).hasSize(prompt.equals(expected) ? 0 : 1).allMatch(notice -> notice.contains(expected));
    }
}
