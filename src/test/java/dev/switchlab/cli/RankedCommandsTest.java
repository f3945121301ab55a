package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.testing.NeedsMpi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs that two ranks share, as processes: stopped, killed, gone on with and repeated. */
class RankedCommandsTest {

    /** Exit code of the script where it may not make hosts. */
    private static final int NO_HOSTS = 3;

    private static final String LOSS = "train/loss";
    private static final String SETTINGS =
            "train.steps=500 train.log_every=50 train.eval_every=250 train.eval_batches=3"
                    + " train.checkpoint_every=5 train.sample_every=250 train.sample_length=5 train.batch_size=4"
                    + " train.seq_len=16"
                    + " model.dropout=0.1 model.expert_dropout=0 model.router_jitter=0.01 train_fraction=0.99";

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
    @NeedsMpi
    void stoppedAndKilledItEndsAsOneThatNeverWas() throws Exception {
        Process stopped = commands.start("train", "--experiment", "smoke", "--ranks", "2", "--set", SETTINGS);
        awaitStep(stopped, 10);
        stopped.destroy(); // SIGTERM
        assertThat(commands.end(stopped)).as(commands.output()).isEqualTo(130);
        String run = book.newest();
        assertThat(book.status(run)).isEqualTo("KILLED");
        assertThat(book.params(run)).containsEntry("ranks", "2");
        assertThat(commands.output())
                .contains(
                        "cpu, 2 ranks of 1 threads",
                        "experts     sharded over the ranks",
                        "stopping: the step in progress is finished and saved")
                .doesNotContain("switchlab:", "prterun");

        Process killed = commands.start("resume", "--run", run); // with as many ranks as it was begun with
        awaitStep(killed, book.lastStep(run, LOSS) + 10);
        kill(killed, "1");
        assertThat(commands.end(killed)).as(commands.output()).isEqualTo(1);
        assertThat(commands.output().lines().filter(line -> line.startsWith("switchlab:")))
                .singleElement()
                .asString()
                .matches("switchlab: rank 1 on \\S+ was ended by signal 9 \\(Killed\\), and all others with it;"
                        + " what was saved is intact, continue with: make resume");
        assertThat(commands.output()).doesNotContain("prterun", "-----");

        commands.succeed("resume", "--run", run);
        assertThat(book.status(run)).isEqualTo("FINISHED");
        commands.succeed("reproduce", "--run", run);
        assertThat(commands.output()).contains("IDENTICAL");
        assertThat(commands.artifact(book.newest(), "provenance.json")).contains("\"ranks\" : 2");
    }

    /**
     * A checkpoint is whole: begun by two ranks of which one is killed, gone on with by one, which is killed, too, and
     * by four.
     */
    @ParameterizedTest
    @CsvSource({"4, sharded over the ranks", "3, all on each rank"})
    @NeedsMpi
    void killedItGoesOnWithAnotherNumberOfRanks(String nExperts, String experts) throws Exception {
        Process two = commands.start(
                "train", "--experiment", "smoke", "--ranks", "2", "--set", SETTINGS + " model.n_experts=" + nExperts);
        awaitStep(two, 10);
        kill(two, "1");
        assertThat(commands.end(two)).as(commands.output()).isEqualTo(1);
        assertThat(commands.output()).contains("experts     " + experts, "rank 1 on ");
        String run = book.newest();

        Process alone = commands.start("resume", "--run", run, "--ranks", "1");
        awaitStep(alone, book.lastStep(run, LOSS) + 10);
        alone.destroyForcibly();
        assertThat(commands.end(alone)).as(commands.output()).isEqualTo(128 + 9);
        assertThat(commands.output()).contains("was '2' when the run began and is '1' now");

        commands.succeed("resume", "--run", run, "--ranks", "4");
        assertThat(commands.output()).contains("4 ranks of 1 threads", "experts     " + experts);
        assertThat(book.status(run)).isEqualTo("FINISHED");
        assertThat(book.lastStep(run, LOSS)).isEqualTo(500);
        commands.succeed("sample", "--run", run, "--length", "5");
    }

    private void awaitStep(Process process, long step) throws IOException, InterruptedException {
        commands.await(process, () -> !book.runs().isEmpty() && book.lastStep(book.newest(), LOSS) >= step);
    }

    /** Kills a rank as the kernel does when memory runs out. */
    private static void kill(Process launcher, String rank) throws IOException, InterruptedException {
        for (ProcessHandle process : launcher.descendants().toList()) {
            String environment = Files.readString(Path.of("/proc", Long.toString(process.pid()), "environ"));
            if (List.of(environment.split("\u0000", -1)).contains("OMPI_COMM_WORLD_RANK=" + rank)) {
                assertThat(new ProcessBuilder("kill", "-9", Long.toString(process.pid()))
                                .start()
                                .waitFor())
                        .isZero();
                return;
            }
        }
        throw new AssertionError("there is no rank " + rank);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--ranks 3 | RANKS is 3, which does not divide train.batch_size, 16: each rank takes an equal number of"
                        + " sequences; allowed here: 1, 2, 4, 8, 16",
                "--ranks 2 --seeds 1,2 | RANKS is 2, allowed with SEEDS: 1; a sweep takes all cores by training several"
                        + " runs at a time, see JOBS"
            })
    void impossibleOptionsAreRefusedInOneLine(String options, String message) throws Exception {
        assertThat(commands.refused(("train --experiment smoke " + options).split(" ")))
                .isEqualTo("switchlab: " + message);
    }

    @ParameterizedTest
    @CsvSource({
        "ranks, -1",
        "ranks, 0",
        "ranks, 1025",
        "jobs, 0",
        "jobs, two",
        "jobs, 99999999999",
        "threads, 0",
        "threads, 1.5",
        "threads, 100000"
    })
    void countsAreCheckedAtBothEnds(String option, String value) throws Exception {
        commands.fail(2, "train", "--experiment", "smoke", "--" + option, value);
        assertThat(commands.output().strip())
                .isEqualTo("switchlab: %s is '%s', allowed: whole numbers from 1 to 1024, for example 2"
                        .formatted(option.toUpperCase(Locale.ROOT), value));
        assertThat(commands.runs()).doesNotExist();
    }

    /** Two hosts with a network between them, which {@code src/test/mpi/two-hosts.sh} makes of one machine. */
    @Test
    @NeedsMpi
    void expertsAreShardedOverTwoHosts() throws Exception {
        List<String> command = new ArrayList<>(List.of("bash", "src/test/mpi/two-hosts.sh"));
        command.addAll(FourSteps.command(commands.runs()));
        command.addAll(List.of("--ranks", "2"));
        int code = commands.end(commands.start(new ProcessBuilder(command), "output"));
        String text = commands.output();
        if (code == NO_HOSTS) {
            System.err.println("two hosts: skipped: " + text.strip());
            Assumptions.abort(text.strip());
        }
        assertThat(code).as(text).isZero();
        assertThat(text).contains("cpu, 2 ranks of 1 threads", "experts     sharded over the ranks");
        FourSteps.assertFinished(commands.runs(), 2);
    }
}
