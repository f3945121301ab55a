package dev.switchlab.sweep.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.cli.Main;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.sweep.Status;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.testing.JavaProcess;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sweeps on a real Slurm cluster, all of whose nodes are this machine. */
@Tag("slurm")
@Timeout(600)
final class SlurmSweepTest {

    private static final int STEPS = 200;
    private static final int MOST_RUNS = 12;
    private static final int INTERRUPTED = 128 + 2;

    @TempDir
    Path folder;

    private SlurmCluster cluster;
    private Path runs;

    @BeforeEach
    void start() throws Exception {
        cluster = SlurmCluster.start(folder.resolve("cluster"));
        runs = folder.resolve("runs");
    }

    @AfterEach
    void stop() throws Exception {
        if (cluster != null) {
            cluster.stop();
        }
    }

    /** A sweep file. */
    private Path sweep(String grid, String seeds, String slurm) throws IOException {
        Path file = folder.resolve("clustered.yaml");
        Files.writeString(file, """
                experiments: [smoke]
                set: train.steps=%d train.checkpoint_every=10 train.eval_batches=1 train.sample_every=0 train_fraction=0.99
                  train.batch_size=4 train.seq_len=16
                grid: {%s}
                seeds: %s
                slurm: {%s}
                """.formatted(STEPS, grid, seeds, slurm));
        return file;
    }

    private Process begin(Path runs, Path sweep, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(
                List.of("sweep", "--sweep", sweep.toString(), "--runs", runs.toString(), "--threads", "1"));
        arguments.addAll(Arrays.asList(more));
        ProcessBuilder process = JavaProcess.of(Main.class, arguments.toArray(String[]::new));
        process.environment().putAll(cluster.environment());
        return process.redirectErrorStream(true)
                .redirectOutput(output().toFile())
                .start();
    }

    private Path output() {
        return folder.resolve("output");
    }

    private int end(Process process) throws Exception {
        assertThat(process.waitFor(400, TimeUnit.SECONDS))
                .as(Files.readString(output()))
                .isTrue();
        return process.exitValue();
    }

    /** Steps taken by the runs that train now, by number. */
    private Map<Integer, Integer> steps() throws IOException {
        Map<Integer, Integer> steps = new TreeMap<>();
        if (!Files.isDirectory(runs.resolve("sweeps"))) {
            return steps;
        }
        try (DirectoryStream<Path> sweeps = Files.newDirectoryStream(runs.resolve("sweeps"))) {
            for (Path sweep : sweeps) {
                for (int number = 1; number <= MOST_RUNS; number++) {
                    Path output = sweep.resolve(number + ".out");
                    List<String> lines = Files.exists(output) ? Files.readAllLines(output) : List.of();
                    Optional<Status> last =
                            lines.isEmpty() ? Optional.empty() : Status.parse(lines.get(lines.size() - 1));
                    if (last.orElse(null) instanceof Running running) {
                        steps.put(number, running.step());
                    }
                }
            }
        }
        return steps;
    }

    /** Waits for a run, other than these, that is past its first checkpoint and far from its end. */
    private int atWork(Process process, Integer... others) throws Exception {
        while (true) {
            Optional<Integer> run = steps().entrySet().stream()
                    .filter(entry -> entry.getValue() >= 12 && entry.getValue() < STEPS / 2)
                    .map(Map.Entry::getKey)
                    .filter(number -> !List.of(others).contains(number))
                    .findFirst();
            if (run.isPresent()) {
                return run.get();
            }
            assertThat(process.isAlive()).as(Files.readString(output())).isTrue();
            Thread.sleep(10);
        }
    }

    private String task(int number) throws Exception {
        Slurm.Task task = Slurm.Task.of(number, cluster.tasks()).orElseThrow();
        return task.job() + "_" + task.number();
    }

    /** Kills the process of a run, as a machine does that is out of memory. */
    private void kill(int number) {
        assertThat(ProcessHandle.allProcesses()
                        .filter(process -> commandLine(process).endsWith("/" + number + ".json"))
                        .filter(process -> commandLine(process).contains(runs.toString()))
                        .filter(ProcessHandle::destroyForcibly))
                .hasSize(1);
    }

    /** The whole command line; the JDK gives only short ones. */
    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", "" + process.pid(), "cmdline"))
                    .replace('\0', ' ')
                    .strip();
        } catch (IOException e) {
            return ""; // it has ended
        }
    }

    private static List<Run> trained(Path runs) {
        try (Book book = Book.open(runs)) {
            return book.runs(Optional.empty(), 1000).stream()
                    .filter(run -> !run.isSummary())
                    .toList();
        }
    }

    /** All results of a training, by the run's name. */
    private static Map<String, List<String>> results(Path runs) {
        return trained(runs).stream()
                .collect(Collectors.toMap(
                        Run::name,
                        run -> List.of(
                                run.status(),
                                run.tags().get("switchlab.weights_sha256"),
                                run.tags().get("switchlab.metrics_sha256"),
                                "" + run.metrics().get("final/cross_entropy")),
                        (first, second) -> List.of("twice"),
                        TreeMap::new));
    }

    @Test
    void twelveRunsTwoOfThemCancelledAndANodeWithoutPowerLoseNothingAndNothingIsThereTwice() throws Exception {
        Path sweep = sweep(
                "model.n_experts: [1, 2], train.z_loss: [0, 0.001]", "1..3", "cpus: 1, memory: 1G, time: \"0:20:00\"");
        Process process = begin(runs, sweep, "--launcher", "slurm", "--jobs", "2");
        int first = atWork(process);
        cluster.run("scancel", task(first));
        int second = atWork(process, first);
        cluster.run("scancel", task(second));
        int killed = atWork(process, first, second);
        kill(killed);
        int unlucky = atWork(process, first, second, killed);
        String node = cluster.run("squeue", "--noheader", "--format=%N", "--jobs=" + task(unlucky))
                .get(0);
        cluster.down(node);
        cluster.up(node);
        assertThat(end(process)).as(Files.readString(output())).isEqualTo(1);

        assertThat(trained(runs)).hasSize(12);
        assertThat(trained(runs).stream().filter(run -> run.isFinished())).hasSize(9);
        assertThat(Files.readString(output()))
                .contains("as a job array of Slurm, 2 at a time")
                .containsPattern("stopped after step \\d+")
                .containsPattern("failed: failed in Slurm after step \\d+");
        assertThat(cluster.run("scontrol", "show", "job", task(unlucky)))
                .anyMatch(line -> line.matches(".*Restarts=[1-9].*"));

        assertThat(end(begin(runs, sweep, "--launcher", "slurm", "--jobs", "2")))
                .as(Files.readString(output()))
                .isZero();
        Map<Long, List<Integer>> submitted = cluster.tasks().stream()
                .collect(Collectors.groupingBy(
                        Slurm.Task::job, TreeMap::new, Collectors.mapping(Slurm.Task::number, Collectors.toList())));
        assertThat(submitted).hasSize(2);
        List<List<Integer>> arrays = List.copyOf(submitted.values());
        assertThat(arrays.get(0)).containsExactlyInAnyOrder(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        assertThat(arrays.get(1)).containsExactlyInAnyOrder(first, second, killed);

        assertThat(trained(runs)).hasSize(12).allMatch(run -> run.isFinished());
        BookRows rows = new BookRows(runs);
        try (Book book = Book.open(runs)) {
            for (Run run : trained(runs)) {
                assertThat(book.history(run.runId(), "train/loss"))
                        .extracting(point -> point.step())
                        .containsExactlyElementsOf(
                                LongStream.rangeClosed(1, STEPS).boxed().toList());
                assertThat(book.history(run.runId(), "final/cross_entropy")).hasSize(1);
                assertThat(book.artifacts(run.runId()).list()).contains("weights.safetensors", "provenance.json");
            }
            long resumed = trained(runs).stream()
                    .filter(run -> book.artifacts(run.runId()).list().stream()
                            .anyMatch(path -> path.matches("resumed/step-000[0-9]*[1-9][0-9]*-provenance.json")))
                    .count();
            assertThat(resumed).isGreaterThanOrEqualTo(4);
        }
        assertThat(rows.integrity()).isEqualTo("ok");

        // Equal to a sweep of this machine without interruptions: the first seed, whose runs began first and were
        // interrupted.
        Path local = folder.resolve("local");
        assertThat(end(begin(local, sweep, "--seeds", "1", "--jobs", "2")))
                .as(Files.readString(output()))
                .isZero();
        assertThat(first).isLessThanOrEqualTo(4);
        assertThat(results(local)).hasSize(4);
        assertThat(results(runs)).containsAllEntriesOf(results(local));

        assertThat(end(begin(runs, sweep, "--launcher", "slurm"))).isZero();
        assertThat(cluster.tasks()).hasSize(15);
    }

    @Test
    void aCallMayBeLeftAndMadeAgain() throws Exception {
        Path sweep = sweep("model.n_experts: [1, 2]", "1..2", "memory: 1G");
        Process process = begin(runs, sweep, "--launcher", "slurm", "--jobs", "1");
        atWork(process);
        new ProcessBuilder("kill", "-INT", "" + process.pid()).start().waitFor();
        assertThat(end(process)).isEqualTo(INTERRUPTED);
        assertThat(Files.readString(output()))
                .contains("the jobs continue in Slurm", "scancel --name=switchlab-", "the same call continues");
        assertThat(cluster.tasks()).hasSize(4).anyMatch(task -> !task.hasEnded());

        // Killed without a chance to end in good order.
        process = begin(runs, sweep, "--launcher", "slurm", "--jobs", "1");
        atWork(process);
        process.destroyForcibly();
        process.waitFor();
        while (cluster.tasks().stream().filter(Slurm.Task::hasEnded).count() < 3) {
            Thread.sleep(100);
        }
        assertThat(end(begin(runs, sweep, "--launcher", "slurm", "--jobs", "1")))
                .as(Files.readString(output()))
                .isZero();
        assertThat(cluster.tasks()).hasSize(4);
        assertThat(trained(runs)).hasSize(4).allMatch(run -> run.isFinished());
    }

    /** The cluster resumes what this machine began from its checkpoint. */
    @Test
    void aSweepMayChangeItsPlace() throws Exception {
        Path sweep = sweep("model.n_experts: [2]", "1..2", "memory: 1G");
        Process process = begin(runs, sweep, "--jobs", "1");
        while (new BookRows(runs).runs().size() < 2
                || new BookRows(runs).lastStep(new BookRows(runs).newest(), "train/loss") < 15) {
            assertThat(process.isAlive()).as(Files.readString(output())).isTrue();
            Thread.sleep(20);
        }
        process.destroy();
        end(process);
        assertThat(end(begin(runs, sweep, "--launcher", "slurm")))
                .as(Files.readString(output()))
                .isZero();
        assertThat(trained(runs)).hasSize(2).allMatch(run -> run.isFinished());
        try (Book book = Book.open(runs)) {
            for (Run run : trained(runs)) {
                assertThat(book.history(run.runId(), "train/loss")).hasSize(STEPS);
            }
            assertThat(trained(runs).stream()
                            .flatMap(run -> book.artifacts(run.runId()).list().stream())
                            .filter(path -> path.startsWith("resumed/")))
                    .hasSize(1);
        }
    }

    @Test
    void whatSlurmRefusesIsSaidInOneLine() throws Exception {
        Path sweep = sweep("model.n_experts: [1]", "1", "options: \"--partition=nowhere\"");
        assertThat(end(begin(runs, sweep, "--launcher", "slurm"))).isEqualTo(1);
        assertThat(Files.readAllLines(output()))
                .filteredOn(line -> line.startsWith("switchlab: "))
                .singleElement()
                .asString()
                .contains("Slurm does not take the runs: ", "invalid partition", "--partition=nowhere");
        assertThat(cluster.tasks()).isEmpty();
    }
}
