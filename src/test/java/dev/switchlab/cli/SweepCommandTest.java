package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.Run;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.mirror.MirroredBook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The command as a process, with children that are processes. */
@Tag("slow")
class SweepCommandTest {

    private static final int STOPPED = 130;
    private static final String PARENT = "mlflow.parentRunId";
    private static final String SETTINGS = "train.eval_batches=1 train.sample_every=0 train.sample_length=5"
            + " train.batch_size=4 train_fraction=0.99 train.steps=";

    @TempDir
    Path folder;

    private Commands commands;
    private BookRows book;
    private Path experiments;

    @BeforeEach
    void commands() throws IOException {
        commands = new Commands(folder);
        book = new BookRows(commands.runs());
        experiments = Files.createDirectories(folder.resolve("experiments"));
        Files.copy(Path.of("experiments/smoke.yaml"), experiments.resolve("smoke.yaml"));
        write("other", "extends: smoke\nmodel: {n_experts: 2}\n");
    }

    private void write(String experiment, String text) throws IOException {
        Files.writeString(experiments.resolve(experiment + ".yaml"), text);
    }

    private String[] sweep(String experiment, int steps, String... more) {
        List<String> call = new ArrayList<>(List.of("sweep", "--experiments", experiments.toString()));
        call.addAll(List.of("--experiment", experiment, "--set", SETTINGS + steps));
        call.addAll(List.of(more));
        return call.toArray(String[]::new);
    }

    private List<Run> runs() {
        try (MirroredBook store = commands.store()) {
            return store.book().runs(Optional.empty(), Integer.MAX_VALUE);
        }
    }

    /**
     * Parent, settings, children, as MLflow nests them; and a child is the run that {@code make train} makes of its
     * settings.
     */
    @Test
    void settingsAndSeedsOfTwoExperiments() throws Exception {
        String[] call = sweep("smoke other", 4, "--grid", "train.z_loss=0,0.001", "--seeds", "3");
        assertThat(commands.run(call)).as(commands.output()).isZero();
        List<Run> runs = runs();
        assertThat(runs).hasSize(1 + 4 + 4).allMatch(run -> run.status().equals("FINISHED"));
        Run parent = runs.stream()
                .filter(run -> !run.tags().containsKey(PARENT))
                .findFirst()
                .orElseThrow();
        assertThat(parent.params())
                .containsEntry("grid", "train.z_loss=0,0.001")
                .containsEntry("seeds", "3");
        assertThat(parent.tags()).containsEntry("switchlab.seeds", "4").doesNotContainKey("switchlab.setting");
        List<Run> settings = runs.stream()
                .filter(run -> parent.runId().equals(run.tags().get(PARENT)))
                .toList();
        assertThat(settings).hasSize(4).allSatisfy(setting -> {
            assertThat(setting.tags()).containsEntry("switchlab.seeds", "1").containsKey("switchlab.setting");
            List<Run> below = runs.stream()
                    .filter(run -> setting.runId().equals(run.tags().get(PARENT)))
                    .toList();
            assertThat(below).singleElement().satisfies(child -> {
                assertThat(child.experiment()).isEqualTo(setting.experiment());
                assertThat(child.tags())
                        .containsEntry("switchlab.setting", setting.tags().get("switchlab.setting"))
                        .doesNotContainKey("switchlab.seeds");
                assertThat(child.metrics().get("final/cross_entropy"))
                        .isEqualTo(setting.metrics().get("final/cross_entropy"));
            });
        });
        assertThat(runs)
                .extracting(run -> run.tags().get("switchlab.sweep"))
                .containsOnly(parent.tags().get("switchlab.sweep"));
        assertThat(commands.artifact(parent.runId(), "report.html")).contains("other z_loss=0.001");
        try (Stream<Path> logs = Files.walk(commands.runs().resolve("sweeps"))) {
            assertThat(logs.filter(file -> file.toString().endsWith(".log")))
                    .as("what children said")
                    .allSatisfy(log -> assertThat(log).hasContent(""));
        }

        Run child = runs.stream()
                .filter(run -> run.experiment().equals("other")
                        && "train.z_loss=0.001".equals(run.tags().get("switchlab.setting"))
                        && !run.tags().containsKey("switchlab.seeds"))
                .findFirst()
                .orElseThrow();
        String note = child.tags().get("mlflow.note.content");
        assertThat(note)
                .contains("make train EXPERIMENT=other SEED=3 SET='")
                .contains("train.z_loss=0.001 train_fraction=0.99' THREADS=1");
        assertThat(commands.run(
                        "train",
                        "--experiments",
                        experiments.toString(),
                        "--experiment",
                        "other",
                        "--seed",
                        "3",
                        "--set",
                        SETTINGS + "4 train.z_loss=0.001"))
                .isZero();
        StoredValues.assertSame(book, child.runId(), book, book.newest());
        assertThat(child.name()).startsWith("other z_loss=0.001 ");
    }

    @Test
    void whatIsWrongIsSaidBeforeAnythingStarts() throws Exception {
        assertThat(commands.run(sweep("smoke", 4, "--grid", "model.n_experts=2,4 model.head=2")))
                .isEqualTo(1);
        assertThat(commands.output().lines())
                .singleElement()
                .asString()
                .contains("model.head is not a setting; did you mean model.heads?");
        assertThat(commands.run(sweep("smoke", 4, "--grid", "train.seq_len=32,9000000", "--set", "")))
                .isNotZero();
        assertThat(commands.run(sweep("smoke", 4, "--grid", "train.seq_len=32,900000")))
                .isEqualTo(1);
        assertThat(commands.output()).contains("validation split");
        assertThat(commands.run(sweep("smoke", 4, "--launcher", "cloud"))).isEqualTo(1);
        assertThat(commands.output()).contains("LAUNCHER is 'cloud', allowed: local");
        assertThat(commands.runs()).doesNotExist();
    }

    @Test
    void aDryRunPrintsEveryChildAndTheTimeItMayTake() throws Exception {
        String[] call = sweep("smoke", 4, "--grid", "model.n_experts=2,4", "--seeds", "1..2", "--dry-run");
        assertThat(commands.run(call)).as(commands.output()).isZero();
        assertThat(commands.output())
                .contains("   1  smoke model.n_experts=2 seed 1  unknown\n")
                .contains("   4  smoke model.n_experts=4 seed 2  unknown\n")
                .contains("4 runs, ");
        assertThat(commands.runs()).doesNotExist();
        assertThat(commands.run(
                        "train",
                        "--experiments",
                        experiments.toString(),
                        "--experiment",
                        "smoke",
                        "--set",
                        SETTINGS + 4))
                .isZero();
        assertThat(commands.run(call)).as(commands.output()).isZero();
        assertThat(commands.output()).doesNotContain("unknown").containsPattern("seed 2  \\d+ s\n");
        assertThat(book.runs()).hasSize(1);

        // It had one thread, and tells nothing about children with two.
        assertThat(commands.run(sweep(
                        "smoke", 4, "--grid", "model.n_experts=2,4", "--seeds", "1..2", "--dry-run", "--threads", "2")))
                .as(commands.output())
                .isZero();
        assertThat(commands.output()).contains("seed 2  unknown\n");
    }

    @Test
    void aFileThatChangedMeanwhileIsNamed() throws Exception {
        String[] call = sweep("other", 400, "--seeds", "1..2", "--jobs", "1");
        Process process = commands.start(call);
        commands.await(process, () -> book.runs().size() > 1 && book.lastStep(book.newest(), "train/loss") > 0);
        interrupt(process);
        assertThat(commands.end(process)).as(commands.output()).isEqualTo(STOPPED);
        assertThat(runs()).extracting(Run::status).containsOnly("KILLED");

        write("other", "extends: smoke\nmodel: {n_experts: 2}\ntrain: {warmup: 7}\n");
        assertThat(commands.run(call)).isEqualTo(1);
        assertThat(commands.output().lines())
                .singleElement()
                .asString()
                .contains("is not finished", "other: train.warmup was 20, is 7 now", "NEW=true");

        // As it was, but for what is only said of it.
        write("other", "extends: smoke\nabout: Two experts.\nmodel: {n_experts: 2}\n");
        assertThat(commands.run(call)).as(commands.output()).isZero();
        assertThat(runs()).hasSize(3);
        // Finished: the changed file is another sweep.
        write("other", "extends: smoke\nmodel: {n_experts: 2}\ntrain: {warmup: 7}\n");
        assertThat(commands.run(call)).as(commands.output()).isZero();
        assertThat(runs()).hasSize(6);
    }

    /** A setting whose runs diverge at once, between others that work. */
    @Test
    void failuresAreKeptApartListedAndTriedAgainOnce() throws Exception {
        String diverging = "train.learning_rate=0.01,1e30,0.02";
        String[] call = sweep("smoke", 12, "--grid", diverging, "--jobs", "1");
        assertThat(commands.run(call)).as(commands.output()).isEqualTo(1);
        assertThat(commands.output())
                .contains("2 of 3 done, 1 failed")
                .contains("seed 1: training diverged at step")
                .contains("    make train EXPERIMENT=smoke SEED=1 SET='train.batch_size=4")
                .contains("RETRY=true");
        assertThat(commands.output().split("seed 1  failed: ", -1)).hasSize(2);
        assertThat(runs())
                .filteredOn(run -> run.name().startsWith("smoke learning_rate=1e30 ")
                        && run.name().endsWith("seed 1"))
                .extracting(Run::status)
                .containsExactly("FAILED");

        // The same call does nothing, with RETRY once more.
        assertThat(commands.run(call)).isEqualTo(1);
        assertThat(commands.output()).contains("seed 1: training diverged").doesNotContain("begins");
        assertThat(commands.run(sweep("smoke", 12, "--grid", diverging, "--jobs", "1", "--retry")))
                .isEqualTo(1);
        assertThat(commands.output().split("seed 1  failed: ", -1)).hasSize(2);
        assertThat(runs()).hasSize(1 + 3 + 3);

        // From the start, RETRY tries twice; FAIL_FAST then stops before the last.
        String[] fast = sweep("smoke", 12, "--grid", diverging, "--jobs", "1", "--retry", "--new");
        assertThat(commands.run(fast)).isEqualTo(1);
        assertThat(commands.output().split("seed 1  failed: ", -1)).hasSize(3);
        assertThat(commands.run(sweep("smoke", 12, "--grid", diverging, "--jobs", "1", "--fail-fast", "--new")))
                .isEqualTo(1);
        assertThat(commands.output()).contains("1 of 3 done, 1 failed, 1 stopped");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGINT")
    void ctrlCEndsInOrderAndOnceMoreAtOnce() throws Exception {
        Process process = commands.start(sweep("smoke", 4000, "--seeds", "1..2", "--jobs", "2"));
        commands.await(
                process,
                () -> book.runs().size() == 3
                        && book.runs().stream().skip(1).allMatch(run -> book.lastStep(run, "train/loss") > 0));
        List<ProcessHandle> children = process.descendants().toList();
        interrupt(process);
        interrupt(process);
        assertThat(commands.end(process)).as(commands.output()).isEqualTo(STOPPED);
        for (ProcessHandle child : children) {
            child.onExit().get();
        }
        assertThat(runs()).extracting(Run::status).doesNotContain("FINISHED");
    }

    /** Children whose parent is killed take their step, save and end. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
    void withoutTheirParentChildrenEndInOrder() throws Exception {
        Process process = commands.start(sweep("smoke", 4000, "--seeds", "1..2", "--jobs", "2"));
        commands.await(
                process,
                () -> book.runs().size() == 3
                        && book.runs().stream().skip(1).allMatch(run -> book.lastStep(run, "train/loss") > 0));
        List<ProcessHandle> children = process.descendants().toList();
        assertThat(children).hasSize(2);
        process.destroyForcibly();
        for (ProcessHandle child : children) {
            child.onExit().get();
        }
        List<Run> below =
                runs().stream().filter(run -> run.tags().containsKey(PARENT)).toList();
        assertThat(below).hasSize(2).allSatisfy(child -> {
            assertThat(child.status()).isEqualTo("KILLED");
            try (Stream<Path> files =
                    Files.list(commands.runs().resolve("checkpoints").resolve(child.runId()))) {
                assertThat(files.map(file -> file.getFileName().toString())).anyMatch(name -> name.startsWith("step-"));
            }
        });
    }

    private static void interrupt(Process process) throws Exception {
        new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    }
}
