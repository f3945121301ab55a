package dev.switchlab.sweep.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/**
 * A real Slurm on this machine, three nodes of two cores, as {@code src/test/slurm/cluster.sh} starts it.
 *
 * @param folder all that it writes
 */
record SlurmCluster(Path folder) {

    private static final String SCRIPT = "src/test/slurm/cluster.sh";
    private static final int NO_SLURM = 3;

    /** What a command printed, both streams, and its exit code. */
    private record Answer(int code, String text) {}

    /** Starts it; where there is no Slurm, the test is skipped and says so. */
    static SlurmCluster start(Path folder) throws Exception {
        SlurmCluster cluster = new SlurmCluster(folder);
        Answer answer = cluster.answer(SCRIPT, "start", folder.toString());
        if (answer.code() == NO_SLURM) {
            // Surefire counts skipped tests, but keeps the reason to its report.
            System.err.println("SlurmSweepTest: skipped: " + answer.text().strip());
            Assumptions.abort(answer.text().strip());
        }
        assertThat(answer.code()).as(answer.text()).isZero();
        return cluster;
    }

    /** What Slurm's commands need to find it. */
    Map<String, String> environment() {
        return Map.of("SLURM_CONF", folder.resolve("slurm.conf").toString());
    }

    /** Takes a node's power. */
    void down(String node) throws Exception {
        run(SCRIPT, "down", folder.toString(), node);
    }

    /** Gives it back. */
    void up(String node) throws Exception {
        run(SCRIPT, "up", folder.toString(), node);
    }

    /** Runs one of Slurm's commands, and returns the lines that it prints. */
    List<String> run(String... command) throws Exception {
        Answer answer = answer(command);
        assertThat(answer.code())
                .as(String.join(" ", command) + "\n" + answer.text())
                .isZero();
        return answer.text().lines().map(String::strip).toList();
    }

    /** The tasks of all jobs that were ever submitted. */
    List<Slurm.Task> tasks() throws Exception {
        List<Slurm.Task> tasks = new ArrayList<>();
        run("squeue", "--noheader", "--array", "--states=all", "--format=" + Slurm.Task.FORMAT)
                .forEach(line -> Slurm.Task.parse(line).ifPresent(tasks::add));
        return tasks;
    }

    private Answer answer(String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Arrays.asList(command)).redirectErrorStream(true);
        builder.environment().putAll(environment());
        Path output = folder.resolveSibling("answer-" + System.nanoTime());
        // To a file: daemons that are started keep a pipe open.
        Process process = builder.redirectOutput(output.toFile()).start();
        int code = process.waitFor();
        return new Answer(code, Files.readString(output, StandardCharsets.UTF_8));
    }

    /** Stops it. */
    void stop() throws Exception {
        run(SCRIPT, "stop", folder.toString());
    }
}
