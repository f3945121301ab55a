package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.sweep.SweepSpec.Grid;
import dev.switchlab.sweep.SweepSpec.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SweepFileTest {

    @TempDir
    Path folder;

    private SweepSpec read(String text) throws IOException {
        Path sweeps = Files.createDirectories(folder.resolve("sweeps"));
        Files.writeString(sweeps.resolve("mine.yaml"), text);
        return SweepFile.read("mine", folder);
    }

    /** Values stay as they are written: YAML alone would take 010 for eight and 1e-3 for a text. */
    @Test
    void everythingThatAFileMaySay() throws IOException {
        SweepSpec request = read("""
                about: |
                  Why there is this sweep.
                experiments: [dense, tiny-shakespeare]
                set: train.steps=500 train.sample_prompt="To be"
                grid:
                  model.n_experts: [1, 2, 010]
                  train.z_loss: [0, 1e-3]
                  model.dropout: 0.10
                seeds: 1..3
                exclude:
                  - model.n_experts=1 train.z_loss=1e-3
                  - experiment=dense model.n_experts=2
                slurm: {cpus: 2, memory: 2G, gpus: 1, time: "1:00:00", options: --partition=short}
                """);
        assertThat(request.name()).isEqualTo("mine");
        assertThat(request.about()).isEqualTo("Why there is this sweep.");
        assertThat(request.experiments()).containsExactly("dense", "tiny-shakespeare");
        assertThat(request.set()).isEqualTo(Map.of("train.steps", "500", "train.sample_prompt", "To be"));
        assertThat(request.grid()).hasToString("model.n_experts=1,2,010 train.z_loss=0,1e-3 model.dropout=0.10");
        assertThat(request.seeds()).containsExactly(1L, 2L, 3L);
        assertThat(request.excluded())
                .containsExactly(
                        Map.of("model.n_experts", "1", "train.z_loss", "1e-3"),
                        Map.of("experiment", "dense", "model.n_experts", "2"));
        assertThat(request.resources()).isEqualTo(new Resources(2, "2G", 1, "1:00:00", "--partition=short"));
        assertThat(SweepFile.read(folder.resolve("sweeps/mine.yaml").toString(), Path.of("elsewhere")))
                .isEqualTo(request);
    }

    @Test
    void oneExperimentIsEnough() throws IOException {
        SweepSpec request = read("experiments: smoke");
        assertThat(request.experiments()).containsExactly("smoke");
        assertThat(request.grid()).isEqualTo(Grid.NONE);
        assertThat(request.seeds()).containsExactly(1L);
        assertThat(request.resources()).isEqualTo(Resources.DEFAULT);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "about: nothing                          | experiments is missing",
                "experiments: smoke\\ngird: {a.b: 1}     | :2: gird.a.b is no key here, allowed: about, experiments",
                "experiments: smoke\\ngrid: [a, b]       | :2: grid is no mapping",
                "experiments: smoke\\nexperiments: dense | :2: experiments is set twice, first at",
                "experiments: smoke\\nseeds: many        | SEEDS is 'many'",
                "experiments: smoke\\nseeds: [1, 2]      | :2: seeds is a list, allowed: a single value",
                "experiments: {a: b}                     | :1: experiments.a is in a section, allowed: a single value",
                "experiments: smoke\\nexclude: [{a: b}]  | :2: exclude has a list or section in a list",
                "experiments: smoke\\nslurm: {cpus: two} | slurm.cpus is two, allowed: whole numbers",
                "experiments: smoke\\nslurm: {cpu: 2}    | slurm.cpu is no key here, allowed: cpus",
                "experiments: [smoke                     | :1: not valid YAML",
                "- smoke                                 | :1: not a mapping; allowed: lines of key: value",
                "''                                      | empty; allowed: lines of key: value; example: experiments",
            })
    void whatIsNoSweepIsRefusedInOneLine(String text, String message) {
        assertThatThrownBy(() -> read(text.replace("\\n", "\n")))
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aNameThatIsNotThereIsToldThoseThatAre() throws IOException {
        read("experiments: smoke");
        assertThatThrownBy(() -> SweepFile.read("mind", folder))
                .isInstanceOf(ExperimentException.class)
                .hasMessageContaining("allowed: mine");
    }

    static List<Path> bundled() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("experiments/sweeps"))) {
            return files.toList();
        }
    }

    /** The sweeps that come along name experiments and settings that exist. */
    @ParameterizedTest
    @MethodSource("bundled")
    void bundledSweepsResolve(Path file) {
        SweepSpec request = SweepFile.read(file.toString(), Path.of("experiments"));
        assertThat(request.about()).isNotEmpty();
        assertThat(Sweep.of(request, Path.of("experiments")).runs()).isNotEmpty();
    }

    /** Names keep their order and may have commas; a variant may change nothing. */
    @Test
    void namedVariants() throws IOException {
        SweepSpec request = read("""
                experiments: small
                variants:
                  dense, wide: model.feed_forward=dense model.d_ff=512
                  as it is:
                """);
        assertThat(request.variants())
                .containsExactly(
                        Map.entry("dense, wide", Map.of("model.feed_forward", "dense", "model.d_ff", "512")),
                        Map.entry("as it is", Map.of()));
    }

    @Test
    void otherKeysOnRequest() throws IOException {
        Path file = Files.writeString(folder.resolve("mine.yaml"), "experiments: small\nquestion: Why?\n");
        SweepFile read = new SweepFile(file, List.of("question", "answer"));
        assertThat(read.text("question")).isEqualTo("Why?");
        assertThat(read.text("answer")).isEmpty();
        assertThat(read.spec().experiments()).containsExactly("small");
        assertThatThrownBy(() -> new SweepFile(file, List.of()))
                .hasMessageContaining(":2: question is no key here, allowed");
    }
}
