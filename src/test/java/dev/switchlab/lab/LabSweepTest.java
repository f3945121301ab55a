package dev.switchlab.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.testing.SweepInBook;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sweep at the prompt. */
class LabSweepTest {

    @TempDir
    Path folder;

    private String sweep;

    @BeforeEach
    void book() throws IOException {
        try (MirroredBook store = MirroredBook.open(folder, MlflowEnvironment.NONE)) {
            sweep = SweepInBook.make(store);
        }
        Lab.restart(folder);
    }

    /** The book is closed before its folder goes. */
    @AfterEach
    void close() {
        Lab.restart(folder);
    }

    @Test
    void itsRunsAreATable() {
        LabSweep found = Lab.sweep(SweepInBook.NAME);
        assertThat(found.toString()).startsWith(SweepInBook.NAME + ": 4 finished\nrun ");
        assertThat(found.runs().stringColumn("setting").asList())
                .containsExactly("model.n_experts=2", "model.n_experts=2", "model.n_experts=4", "model.n_experts=4");
        assertThat(found.runs().stringColumn("seed").asList()).containsExactly("1", "2", "1", "2");
        assertThat(found.runs().doubleColumn("final/cross_entropy").asDoubleArray())
                .containsExactly(new double[] {2.81, 2.82, 2.61, 2.62}, within(1e-9));
    }

    @Test
    void itsSettingsAreComparedAndReported() {
        assertThat(Lab.report(sweep)).isRegularFile();
        SideBySide comparison = Lab.compare(Lab.sweep(sweep.substring(0, 8)));
        assertThat(comparison.settings().stringColumn("model.n_experts").asList())
                .containsExactly("2", "4");
        assertThat(comparison.differences().getString(0, "difference")).isEqualTo("B - A");
        assertThat(comparison.toString()).startsWith("\n4 runs of 2 settings;").contains("\nB *  4  ");
        assertThat(comparison.against("n_experts=4").differences().getString(0, "difference"))
                .isEqualTo("A - B");
        assertThatThrownBy(() -> comparison.against("C"))
                .isInstanceOf(LabException.class)
                .hasMessageStartingWith("BASELINE 'C' is none of the settings");
    }

    @Test
    void anExperimentStandsForItsNewestRun() {
        assertThat(Lab.run("smoke")).isEqualTo(Lab.run(""));
        assertThat(Lab.runs().columnNames()).endsWith("train", "valid", "final");
        assertThatThrownBy(() -> Lab.route("a"))
                .isInstanceOf(LabException.class)
                .hasMessageContaining("no run yet");
    }

    @Test
    @Tag("slow")
    void theNewestModelRoutesWithoutBeingLoaded() {
        TrainedRun run = Lab.experiment("smoke")
                .with("train.steps=1 train.sample_length=1 train.eval_batches=1 train_fraction=0.99")
                .train();
        Lab.restart(folder);
        assertThat(Lab.route("It was").trace().tokens()).isEqualTo(6);
        assertThat(Lab.model().digest())
                .isEqualTo(Lab.load("smoke").digest())
                .isEqualTo(Lab.load(run.id()).digest());
    }

    @Test
    void aRunThatSumsUpNothingIsNoSweep() {
        assertThatThrownBy(() -> Lab.sweep("smoke model.n_experts=2 seed 1"))
                .isInstanceOf(LabException.class)
                .hasMessageContaining("trained a model by itself, allowed: a run that sums up others");
    }
}
