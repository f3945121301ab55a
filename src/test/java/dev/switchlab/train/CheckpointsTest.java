package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which checkpoints stay, and what happens to damaged ones and on a full disk. */
class CheckpointsTest {

    private static final String SHORT =
            "train.steps=12 train.checkpoint_every=2 train.sample_every=0 train.batch_size=4 "
                    + "train.eval_batches=1 train.sample_length=1 train_fraction=0.99 ";

    @TempDir
    Path folder;

    @Test
    void theNewestStayAndTheBest() throws IOException {
        // The learning rate is far too high, so that the first score is the best.
        Runs.train(
                Runs.smoke(SHORT
                        + "train.eval_every=3 train.learning_rate=20 train.schedule=constant train.warmup=0"
                        + " train.grad_clip=0"),
                folder,
                () -> false);
        Checkpoint latest =
                Checkpoints.latest(folder, CheckpointsTest::noNotice).orElseThrow();
        assertThat(latest.step()).isEqualTo(12);
        Checkpoint best = Checkpoints.best(folder, CheckpointsTest::noNotice).orElseThrow();
        assertThat(best.step()).isEqualTo(latest.bestStep()).isLessThan(10);
        assertThat(names()).containsExactlyInAnyOrder(name(best.step()), name(10), name(12));
    }

    @Test
    void aDamagedOneIsNoticedAndTheOneBeforeIsTaken() throws IOException {
        Runs.train(Runs.smoke(SHORT), folder, () -> false);
        for (boolean header : new boolean[] {true, false}) {
            Path newest = folder.resolve(name(12));
            byte[] intact = Files.readAllBytes(newest);
            byte[] damaged = intact.clone();
            damaged[header ? positionOf(intact, "recent") : intact.length - 5] ^= 1;
            Files.write(newest, damaged);
            List<String> notices = new ArrayList<>();
            assertThat(Checkpoints.latest(folder, notices::add).orElseThrow().step())
                    .isEqualTo(10);
            assertThat(notices).singleElement().asString().contains(newest.toString(), "going back");
            Files.write(newest, intact);
        }
    }

    @Test
    void oneThatIsCutShortIsNoticedToo() throws IOException {
        Runs.train(Runs.smoke(SHORT), folder, () -> false);
        try (FileChannel channel = FileChannel.open(folder.resolve(name(12)), StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() / 2);
        }
        Files.write(folder.resolve(name(10)), new byte[0]);
        List<String> notices = new ArrayList<>();
        for (int call = 1; call <= 2; call++) {
            assertThatThrownBy(() -> Checkpoints.latest(folder, notices::add))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageStartingWith("all checkpoints in " + folder + " are damaged");
        }
        assertThat(notices).hasSize(2).allSatisfy(notice -> assertThat(notice).doesNotContain("\n"));
    }

    /** Otherwise a few steps later only the damaged ones would be left. */
    @Test
    void damagedOnesDoNotCountAmongThoseThatStay() throws IOException {
        Experiment experiment = Runs.smoke(SHORT);
        Runs.train(experiment, folder, () -> false);
        Files.copy(folder.resolve(name(10)), folder.resolve(name(8)));
        Files.copy(folder.resolve(name(10)), folder.resolve(name(6)));
        Files.write(folder.resolve(name(8)), new byte[9]);
        Files.write(folder.resolve(name(12)), new byte[9]);
        List<String> notices = new ArrayList<>();
        Optional<Checkpoint> latest = Checkpoints.latest(folder, notices::add);
        assertThat(latest.orElseThrow().step()).isEqualTo(10);
        assertThat(notices)
                .satisfiesExactly(
                        newest -> assertThat(newest).contains(name(12), "going back"),
                        older -> assertThat(older).contains(name(8)).doesNotContain("going back"));
        assertThat(names()).containsExactlyInAnyOrder(name(6), name(8) + ".damaged", name(10), name(12) + ".damaged");
        Runs.train(experiment, folder, () -> false, latest);
        assertThat(names()).containsExactlyInAnyOrder(name(8) + ".damaged", name(10), name(12), name(12) + ".damaged");
    }

    @Test
    void aRunGoesOnOnlyAsItBegan() {
        Experiment experiment = Runs.smoke(SHORT);
        Runs.train(experiment, folder, () -> false);
        Checkpoint checkpoint =
                Checkpoints.latest(folder, CheckpointsTest::noNotice).orElseThrow();
        Experiment other = experiment.with("train.learning_rate=0.5");
        TextData data = Runs.data(other);
        try (LanguageModel model = LanguageModel.create(other, data.tokenizer(), Device.cpu())) {
            Trainer trainer = new Trainer(
                    model,
                    data,
                    new RecordingLog(),
                    new Checkpoints(folder, 2),
                    new TrainingProgress() {},
                    () -> false);
            assertThatThrownBy(() -> trainer.resume(checkpoint))
                    .isInstanceOf(TrainingException.class)
                    .hasMessage(
                            "the checkpoint is of another run: its setting train.learning_rate is 0.005, here it is 0.5;"
                                    + " a run goes on only as it began");
        }
    }

    /** So rank 0 hands it to the others. */
    @Test
    void theBytesOfOneThatWasReadAreOneAgain() throws Exception {
        Runs.train(Runs.smoke(SHORT), folder, () -> false);
        Checkpoint read = Checkpoints.latest(folder, CheckpointsTest::noNotice).orElseThrow();
        Checkpoint again = Checkpoint.ofBytes(read.toBytes());
        assertThat(again.digest()).isEqualTo(read.digest());
        assertThat(again.runId()).isEqualTo(read.runId());
        assertThat(again.loop()).isEqualTo(read.loop());
    }

    /** A file system of one megabyte. */
    @Test
    void aFullDiskStopsTrainingAndLeavesAUsableCheckpoint() throws Exception {
        Path small = Files.createDirectory(folder.resolve("small"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString()), "no right to mount a tmpfs");
        try {
            Experiment experiment = Runs.smoke(SHORT);
            assertThatThrownBy(() -> Runs.train(experiment, small, () -> false))
                    .isInstanceOf(TrainingException.class)
                    .message()
                    .contains("cannot be saved", "No space left on device", "is intact", "make resume RUN=recorded")
                    .doesNotContain("\n");
            List<String> notices = new ArrayList<>();
            Checkpoint left = Checkpoints.latest(small, notices::add).orElseThrow();
            assertThat(notices).isEmpty();
            assertThat(left.step()).isPositive().isLessThan(12);
            try (Stream<Path> files = Files.list(small)) {
                assertThat(files).allMatch(file -> file.toString().endsWith(".safetensors"));
            }
        } finally {
            // Lazily: the checkpoint that was read is still mapped.
            assertThat(run("umount", "-l", small.toString())).isTrue();
        }
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false; // There is no such command here.
        }
    }

    /** A digit of the first number after {@code text}. */
    private static int positionOf(byte[] bytes, String text) {
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
        while (!Character.isDigit(bytes[at])) {
            at++;
        }
        return at;
    }

    private static String name(int step) {
        return "step-%07d.safetensors".formatted(step);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static void noNotice(String notice) {
        throw new AssertionError(notice);
    }
}
