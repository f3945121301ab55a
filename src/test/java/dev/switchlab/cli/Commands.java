package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.testing.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The commands as processes of their own, on the book in one folder. */
record Commands(Path folder) {

    private static final int PATIENCE_SECONDS = 120;

    Path runs() {
        return folder.resolve("runs");
    }

    /** Starts a command. */
    Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(arguments));
        command.addAll(List.of("--runs", runs().toString(), "--threads", "1"));
        return JavaProcess.of(Main.class, command.toArray(String[]::new))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile())
                .start();
    }

    /** The exit code of a command. */
    int run(String... arguments) throws IOException, InterruptedException {
        return end(start(arguments));
    }

    /** The exit code of a command that was started, once it has ended. */
    int end(Process process) throws IOException, InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("no end after " + PATIENCE_SECONDS + " s; its output: " + output());
        }
        return process.exitValue();
    }

    /** What can become true while a command runs. */
    interface Condition {
        boolean holds() throws IOException;
    }

    /** Waits while the command runs. */
    void await(Process process, Condition condition) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (process.isAlive() && !condition.holds()) {
            assertThat(System.nanoTime() - start).as(output()).isLessThan(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS));
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
        return Files.readString(artifactFile(runId, path));
    }

    Path artifactFile(String runId, String path) throws IOException {
        try (Stream<Path> files = Files.walk(runs().resolve("mlartifacts"))) {
            return files.filter(file -> file.endsWith(Path.of(runId, "artifacts", path)))
                    .findFirst()
                    .orElseThrow();
        }
    }
}
