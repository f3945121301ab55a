package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.mirror.MirroredBook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A run as processes: killed and resumed, evaluated, reproduced, and reproduced after an edit. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
@Tag("slow")
class ReproducibleRunTest {

    private static final String[] TRAIN = {
        "train",
        "--experiment",
        "smoke",
        "--set",
        "train.steps=150 train.log_every=4 train.eval_every=50 train.eval_batches=1 train.checkpoint_every=5"
                + " train.sample_every=75 train.sample_length=5 train.batch_size=8 model.dropout=0.1"
                + " train_fraction=0.99"
    };

    @TempDir
    Path folder;

    @Test
    void killedResumedReproducedEdited() throws Exception {
        Commands commands = new Commands(folder);
        BookRows book = new BookRows(commands.runs());
        commands.succeed(TRAIN);
        String whole = book.newest();

        Process killed = commands.start(TRAIN);
        commands.await(killed, () -> !book.newest().equals(whole) && book.lastStep(book.newest(), "train/loss") >= 20);
        killed.destroyForcibly();
        assertThat(commands.end(killed)).as(commands.output()).isEqualTo(128 + 9);
        String cut = book.newest();
        commands.succeed("resume"); // the newest that is not finished
        assertThat(commands.output()).contains("continuing from the checkpoint of step");
        StoredValues.assertSame(book, cut, book, whole);
        // Before the first step, after 8, 16 and 32, and at the evaluations after 50, 100 and 150.
        assertThat(StoredValues.texts(book, cut).keySet())
                .filteredOn(path -> path.startsWith("routing/step-"))
                .hasSize(7);
        assertThat(commands.refused("resume", "--run", cut)).contains("is finished");

        // Later measurements are kept with the run once, and are no part of what is reproduced.
        for (int i = 0; i < 2; i++) {
            commands.succeed("evaluate", "--run", cut, "--stride", "16");
        }
        try (MirroredBook store = commands.store()) {
            Map<String, Double> metrics = store.find(cut).metrics();
            assertThat(metrics.get("evaluate/stride16/cross_entropy"))
                    .isPositive()
                    .isNotEqualTo(metrics.get("final/cross_entropy"));
            assertThat(store.book().history(cut, "evaluate/stride16/cross_entropy"))
                    .hasSize(1);
            assertThat(metrics.get("final/cross_entropy"))
                    .isEqualTo(store.find(whole).metrics().get("final/cross_entropy"));
        }
        commands.succeed("reproduce", "--run", cut);
        assertThat(commands.output()).endsWith("- equal bits were promised\n\nIDENTICAL\n");
        assertThat(book.tags(book.newest()))
                .containsEntry("switchlab.reproduces", cut)
                .containsEntry("switchlab.verdict", "IDENTICAL");

        edit(commands, whole, "\"learning_rate\" : 0.005", "\"learning_rate\" : 0.006");
        commands.fail(4, "reproduce", "--run", whole);
        assertThat(commands.output())
                .contains(
                        "first difference: step 1, train/learning_rate: 2.5E-4, then 3.0000000000000003E-4",
                        "first out of tolerance: step 1, train/learning_rate",
                        "train.learning_rate: 0.005, then 0.006")
                .endsWith("DIFFERENT\n");
        assertThat(commands.artifact(book.newest(), "reproduction.md")).endsWith("DIFFERENT\n");
    }

    private static void edit(Commands commands, String runId, String from, String to) throws IOException {
        try (MirroredBook store = commands.store()) {
            Path file = store.book().artifacts(runId).file("provenance.json");
            assertThat(file).content().contains(from);
            Files.writeString(file, Files.readString(file).replace(from, to));
        }
    }
}
