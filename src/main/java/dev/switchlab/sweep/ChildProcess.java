package dev.switchlab.sweep;

import dev.switchlab.io.AvailableMemory;
import dev.switchlab.sweep.ChildState.Failed;
import dev.switchlab.sweep.ChildState.Running;
import dev.switchlab.sweep.ChildState.Waiting;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;

/** One child that runs on this machine. Its standard input is open as long as it shall go on. */
final class ChildProcess {

    /** As the shell has it: a process that a signal ended has this and the signal's number. */
    private static final int BY_SIGNAL = 128;

    private static final int SIGKILL = 9;

    private final ChildPlan plan;
    private final Process process;
    private final Path log;
    private final Optional<Path> archive;
    private volatile ChildState last = new Waiting("");

    private ChildProcess(ChildPlan plan, Process process, Path log, Optional<Path> archive) {
        this.plan = plan;
        this.process = process;
        this.log = log;
        this.archive = archive;
    }

    /**
     * Starts a child.
     *
     * @param folder of the sweep; what the child prints beside its state goes to {@code <number>.log} there
     * @param archive where it is to leave an archive of its classes
     * @param told takes each state, the last one after the process has ended; on a thread of the child's own
     */
    static ChildProcess start(
            ChildPlan plan,
            Path folder,
            List<String> command,
            Optional<Path> archive,
            BiConsumer<ChildProcess, ChildState> told)
            throws IOException {
        Path log = folder.resolve(plan.number() + ".log");
        Process process = ChildStart.process(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        ChildProcess child = new ChildProcess(plan, process, log, archive);
        Thread reader = new Thread(() -> child.read(told), "child-" + plan.number());
        reader.setDaemon(true);
        reader.start();
        return child;
    }

    private void read(BiConsumer<ChildProcess, ChildState> told) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Optional<ChildState> state = ChildLine.parse(line);
                if (state.isEmpty()) {
                    Files.writeString(log, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                }
                state.ifPresent(now -> {
                    last = now;
                    if (!now.hasEnded()) {
                        told.accept(this, now);
                    }
                });
            }
        } catch (IOException | UncheckedIOException e) {
            // The process was killed; what its end was is told below.
            last = last.hasEnded() ? last : new Waiting("");
        }
        told.accept(this, end());
    }

    private ChildState end() {
        int code;
        try {
            code = process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Failed("interrupted", true);
        }
        return last.hasEnded() ? last : new Failed(reason(code), code > BY_SIGNAL);
    }

    private String reason(int code) {
        String where = last instanceof Running running ? " after step " + running.step() : " before its first step";
        if (code == BY_SIGNAL + SIGKILL) {
            return "killed (SIGKILL)" + where + ", by somebody or for want of memory";
        }
        String how = code > BY_SIGNAL ? "ended by signal " + (code - BY_SIGNAL) : "ended with exit code " + code;
        return how + where + lastLine().map(line -> ": " + line).orElse("") + " (" + log + ")";
    }

    private Optional<String> lastLine() {
        try {
            return Files.exists(log)
                    ? Files.readAllLines(log).stream()
                            .filter(line -> !line.isBlank())
                            .reduce((first, second) -> second)
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    ChildPlan plan() {
        return plan;
    }

    Optional<Path> archive() {
        return archive;
    }

    /** Bytes that it has in use now, and the most it had. */
    OptionalLong memory() {
        return AvailableMemory.of(process.pid());
    }

    OptionalLong peakMemory() {
        return AvailableMemory.peakOf(process.pid());
    }

    /** Asks it to end in good order. */
    void stop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            return; // it has ended
        }
    }

    /** Ends it at once. */
    void kill() {
        process.destroyForcibly();
    }
}
