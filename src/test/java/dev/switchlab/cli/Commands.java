package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.testing.JavaProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The commands as processes of their own, on the book in one folder. */
record Commands(Path folder) {

    private static final int PATIENCE_SECONDS = 120;

    Path runs() {
        return folder.resolve("runs");
    }

    /** Starts a command. */
    Process start(String... arguments) throws IOException {
        return start(Main.class, List.of(), "output", arguments);
    }

    /**
     * Starts a command by another main class, or with its output elsewhere.
     *
     * @param first arguments of the main class, before the command's own
     * @param output name of the file for what it prints
     */
    Process start(Class<?> main, List<String> first, String output, String... arguments) throws IOException {
        return start(process(main, first, arguments), output);
    }

    private ProcessBuilder process(Class<?> main, List<String> first, String... arguments) {
        List<String> command = new ArrayList<>(first);
        command.addAll(List.of(arguments));
        command.addAll(List.of("--runs", runs().toString()));
        if (Collections.disjoint(
                command, List.of("flush", "compare", "--threads"))) { // these compute nothing, or say it
            command.addAll(List.of("--threads", "1"));
        }
        return JavaProcess.of(main, command.toArray(String[]::new));
    }

    /** Starts a process with its output in a file of the folder. */
    Process start(ProcessBuilder process, String output) throws IOException {
        return process.redirectErrorStream(true)
                .redirectOutput(folder.resolve(output).toFile())
                .start();
    }

    /** The exit code of a command in a shell that allows no file of more kilobytes. */
    int runLimited(int kilobytes, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder process = process(Main.class, List.of(), arguments);
        List<String> shell = new ArrayList<>(List.of("bash", "-c", "ulimit -f " + kilobytes + "; exec \"$@\"", "bash"));
        shell.addAll(process.command());
        return end(start(process.command(shell), "output"));
    }

    /** Runs a command that ends well. */
    void succeed(String... arguments) throws IOException, InterruptedException {
        fail(0, arguments);
    }

    /** Runs a command that ends with an exit code. */
    void fail(int code, String... arguments) throws IOException, InterruptedException {
        assertThat(end(start(arguments))).as(output()).isEqualTo(code);
    }

    /** Runs a command that is refused, and returns the one line that says why. */
    String refused(String... arguments) throws IOException, InterruptedException {
        assertThat(end(start(arguments))).as(output()).isEqualTo(1);
        assertThat(output().lines()).hasSize(1);
        return output().strip();
    }

    /** The exit code of a command that was started, once it has ended. */
    int end(Process process) throws IOException, InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("no end after " + PATIENCE_SECONDS + " s; its output: " + output());
        }
        return process.exitValue();
    }

    /** Waits while the command runs; fails if it ends before the condition holds. */
    void await(Process process, BooleanSupplier condition) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            boolean inTime = System.nanoTime() - start < TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            if (!inTime || (!process.isAlive() && !condition.getAsBoolean())) {
                throw new AssertionError("waited in vain; the command's output: " + output());
            }
            Thread.sleep(2);
        }
    }

    /** Of the last command. */
    String output() throws IOException {
        return Files.readString(folder.resolve("output"));
    }

    MirroredBook store() {
        return MirroredBook.open(runs(), MlflowEnvironment.NONE);
    }

    String artifact(String runId, String path) throws IOException {
        return new String(new BookRows(runs()).artifacts(runId).get(path), StandardCharsets.UTF_8);
    }
}
