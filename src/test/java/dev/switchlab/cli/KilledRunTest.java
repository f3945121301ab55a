package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.fake.Copies;
import dev.switchlab.runs.fake.FakeProcess;
import dev.switchlab.testing.Seeded;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands as processes of their own, killed, and with a server that is killed or stopped: a run that went on ends
 * as one that was never killed, to the bit, no point twice, none missing; and so is its copy.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
@Tag("kill")
class KilledRunTest {

    private static final int STEPS = 150;
    private static final int KILLS = 20;
    private static final int KILLED = 128 + 9;
    private static final String LOSS = "train/loss";
    private static final String SETTINGS = "train.steps=" + STEPS + " train.log_every=1 train.eval_every=50"
            + " train.eval_batches=1 train.checkpoint_every=4 train.sample_every=75 train.sample_length=5 train.batch_size=4"
            + " train.seq_len=16 model.dropout=0.1 model.router_jitter=0.01 train_fraction=0.99";
    private static final String LONGER = SETTINGS.replace("batch_size=4", "batch_size=32");

    @TempDir
    Path folder;

    private Commands commands;
    private BookRows book;

    @BeforeEach
    void commands() {
        commands = new Commands(folder);
        book = new BookRows(commands.runs());
    }

    @Test
    void killedTwentyTimes(@Seeded(5) long seed) throws Exception {
        commands.succeed("train", "--experiment", "smoke", "--set", SETTINGS);
        String whole = book.newest();

        SplittableRandom random = new SplittableRandom(seed);
        Process first = commands.start("train", "--experiment", "smoke", "--set", SETTINGS);
        commands.await(first, () -> !book.newest().equals(whole) && book.lastStep(book.newest(), LOSS) >= 4);
        first.destroyForcibly();
        assertThat(commands.end(first)).as(commands.output()).isEqualTo(KILLED);
        String cut = book.newest();

        int torn = 0;
        List<String[]> kills = kills(random);
        Process next = killed(cut, kills.get(0));
        for (int i = 0; i < kills.size(); i++) {
            Process current = next;
            current.getOutputStream().write('\n');
            current.getOutputStream().flush();
            if (i + 1 < kills.size()) {
                // It is slow to start: while this one works, the next one gets ready.
                next = killed(cut, kills.get(i + 1));
            }
            assertThat(commands.end(current))
                    .as("exit code when killed at %s", String.join(" ", kills.get(i)))
                    .isEqualTo(KILLED);
            torn += unfinishedCheckpoints(cut);
        }
        assertThat(torn).as("checkpoints cut off while they were written").isPositive();
        assertThat(book.integrity()).isEqualTo("ok");

        commands.succeed("resume", "--run", cut);
        assertThat(unfinishedCheckpoints(cut)).isZero();
        StoredValues.assertSame(book, cut, book, whole);
        assertThat(StoredValues.texts(book, cut)).containsKey("routing/step-000000.json");
    }

    /**
     * Arguments of {@link KilledCommand} in order of steps: most kills at some time after a step, every sixth while a
     * checkpoint is written.
     */
    private static List<String[]> kills(SplittableRandom random) {
        List<Integer> steps =
                new ArrayList<>(IntStream.range(5, STEPS - 8).boxed().toList());
        while (steps.size() > KILLS - 1) {
            steps.remove(random.nextInt(steps.size()));
        }
        List<String[]> kills = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            // A few bytes, so that the kill falls before the file is whole and renamed.
            boolean saving = i % 6 == 5;
            kills.add(new String[] {
                saving ? "saving" : "step",
                Integer.toString(steps.get(i)),
                saving ? "1" : Integer.toString(random.nextInt(8000))
            });
        }
        return kills;
    }

    private Process killed(String run, String... when) throws IOException {
        List<String> first = new ArrayList<>(List.of(book.folder().toString(), run));
        first.addAll(List.of(when));
        return commands.start(KilledCommand.class, first, "output-" + when[1], "resume", "--run", run);
    }

    private int unfinishedCheckpoints(String run) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(book.folder().resolve("checkpoints").resolve(run), ".step-*.part")) {
            for (Path file : files) {
                assertThat(file).isRegularFile();
                count++;
            }
        }
        return count;
    }

    @Test
    void serverAndRunKilledFlushedAndResumed() throws Exception {
        Path kept = folder.resolve("server");
        Copies copies = new Copies(new BookRows(kept));
        String uri;
        String run;
        try (FakeProcess server = FakeProcess.start(kept, 0)) {
            uri = server.uri().toString();
            Process training = commands.start("train", "--experiment", "smoke", "--set", LONGER, "--tracking-uri", uri);
            commands.await(
                    training,
                    () -> !book.runs().isEmpty() && !copies.ofRun(book.newest()).isEmpty());
            run = book.newest();
            commands.await(training, () -> book.lastStep(run, LOSS) >= 20);
            server.kill();
            // It goes on without the server.
            long before = book.lastStep(run, LOSS);
            commands.await(training, () -> book.lastStep(run, LOSS) >= before + 20);
            training.destroyForcibly();
            assertThat(commands.end(training)).as(commands.output()).isEqualTo(KILLED);
        }
        try (FakeProcess server = FakeProcess.start(kept, URI.create(uri).getPort())) {
            assertThat(server.uri()).hasToString(uri);
            commands.succeed("flush", "--tracking-uri", uri);
            assertThat(commands.output()).contains("run " + run + " is whole at " + uri);
            assertThat(book.status(run)).isEqualTo("KILLED");
            copies.assertWhole(book, run);

            commands.succeed("resume", "--run", run, "--tracking-uri", uri);
            assertThat(book.lastStep(run, LOSS)).isEqualTo(STEPS);
            StoredValues.values(book, run);
            copies.assertWhole(book, run);
        }
    }

    @Test
    void twoTrainingsAtOnceWithAServerThatIsStoppedForAWhile() throws Exception {
        try (FakeProcess server = FakeProcess.start(folder.resolve("server"), 0)) {
            String uri = server.uri().toString();
            List<Process> trainings = new ArrayList<>();
            for (int seed = 1; seed <= 2; seed++) {
                trainings.add(commands.start(
                        Main.class,
                        List.of(),
                        seed == 1 ? "output" : "output-2",
                        "train",
                        "--experiment",
                        "smoke",
                        "--seed",
                        "" + seed,
                        "--set",
                        LONGER,
                        "--tracking-uri",
                        uri));
            }
            commands.await(trainings.get(0), () -> book.runs().size() == 2);
            List<String> runs = book.runs();
            commands.await(trainings.get(0), () -> book.lastStep(runs.get(0), LOSS) >= 10);
            server.stop();
            for (int i = 0; i < 2; i++) {
                int one = i;
                long before = book.lastStep(runs.get(one), LOSS);
                commands.await(
                        trainings.get(one), () -> book.lastStep(runs.get(one), LOSS) >= Math.min(STEPS, before + 40));
                assertThat(book.lastStep(runs.get(one), LOSS)).isGreaterThanOrEqualTo(Math.min(STEPS, before + 40));
            }
            server.goOn();
            for (Process training : trainings) {
                assertThat(commands.end(training)).isZero();
            }
            for (String run : runs) {
                assertThat(StoredValues.values(book, run).get(LOSS)).hasSize(STEPS);
                new Copies(new BookRows(folder.resolve("server"))).assertWhole(book, run);
            }
            assertThat(book.integrity()).isEqualTo("ok");
        }
    }

    @Test
    void aDiskThatIsFullEndsTheRunInOneLineAndItCanGoOn() throws Exception {
        commands.succeed("train", "--experiment", "smoke", "--set", SETTINGS);
        Map<String, SortedMap<Long, Double>> expected = StoredValues.values(book, book.newest());
        Files.move(book.folder(), folder.resolve("first"));
        // Less than the book needs, and more than any other file: checkpoints, and SQLite's own library.
        assertThat(commands.runLimited(1300, "train", "--experiment", "smoke", "--set", SETTINGS))
                .as(commands.output())
                .isEqualTo(1);
        assertThat(commands.output().lines().filter(line -> line.startsWith("switchlab: ")))
                .as(commands.output())
                .singleElement()
                .asString()
                .contains("mlflow.db cannot be written: ", "then go on with: make resume");
        assertThat(commands.output()).doesNotContain("\tat ", "Exception");
        assertThat(book.integrity()).isEqualTo("ok");

        String cut = book.newest();
        assertThat(book.lastStep(cut, LOSS)).isBetween(4L, STEPS - 1L);
        commands.succeed("resume", "--run", cut);
        assertThat(StoredValues.values(book, cut)).isEqualTo(expected);
    }

    @Test
    void aFileThatIsNoBookIsLeftAlone() throws Exception {
        Files.createDirectories(book.folder());
        Path file = Files.writeString(book.folder().resolve("mlflow.db"), "my notes on ml and flow\n".repeat(100));
        assertThat(commands.refused("train", "--experiment", "smoke", "--set", SETTINGS))
                .contains("mlflow.db");
        assertThat(file).hasContent("my notes on ml and flow\n".repeat(100));
        assertThat(book.folder().toFile().list()).containsExactly("mlflow.db");
    }
}
