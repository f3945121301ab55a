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
                "experiments: smoke\\ngird: {a.b: 1}     | has gird, allowed: about, experiments, set, variants, grid",
                "experiments: smoke\\ngrid: [a, b]       | grid is no mapping",
                "experiments: smoke\\nexperiments: dense | there twice",
                "experiments: smoke\\nseeds: many        | SEEDS is 'many'",
                "experiments: {a: b}                     | a single value is expected",
                "experiments: smoke\\nslurm: {cpus: two} | cpus is two, allowed: whole numbers",
                "experiments: smoke\\nslurm: {cpu: 2}    | slurm has cpu, allowed: cpus",
                "experiments: [smoke                     | not valid YAML",
                "- smoke                                 | no mapping",
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

    /** Those that come along name experiments and settings that are there. */
    @Test
    void bundledSweepsResolve() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("experiments/sweeps"))) {
            List<Path> all = files.toList();
            assertThat(all).isNotEmpty();
            for (Path file : all) {
                SweepSpec request = SweepFile.read(file.toString(), Path.of("experiments"));
                assertThat(request.about()).isNotEmpty();
                assertThat(Sweep.of(request, Path.of("experiments")).runs()).isNotEmpty();
            }
        }
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
    void otherKeysWhereTheyAreAllowed() throws IOException {
        Path file = Files.writeString(folder.resolve("mine.yaml"), "experiments: small\nquestion: Why?\n");
        SweepFile read = SweepFile.of(file, List.of("question", "answer"));
        assertThat(read.text("question")).isEqualTo("Why?");
        assertThat(read.text("answer")).isEmpty();
        assertThat(read.spec().experiments()).containsExactly("small");
        assertThatThrownBy(() -> SweepFile.of(file, List.of())).hasMessageContaining("the file has question, allowed");
    }
}
