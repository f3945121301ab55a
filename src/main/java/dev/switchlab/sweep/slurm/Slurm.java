package dev.switchlab.sweep.slurm;

import dev.switchlab.sweep.WorkerJvm;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** Slurm's own commands. */
final class Slurm {

    private Slurm() {}

    /**
     * A task of a job array, as {@code squeue} shows it.
     *
     * @param job number of the array
     * @param number of the run, the task's index in the array
     * @param state in Slurm's long form, such as {@code PENDING}
     * @param reason why it waits or ended; {@code None} without one
     */
    record Task(long job, int number, String state, String reason) {

        /** Format of {@code squeue} for {@link #parse}: array, index, state, reason; a task a line. */
        static final String FORMAT = "%F %K %T %r";

        /** Final states. Any other one, such as that of a requeued job, means that Slurm is not through with it. */
        private static final Set<String> ENDED = Set.of(
                "BOOT_FAIL",
                "CANCELLED",
                "COMPLETED",
                "DEADLINE",
                "FAILED",
                "NODE_FAIL",
                "OUT_OF_MEMORY",
                "PREEMPTED",
                "REVOKED",
                "TIMEOUT");

        private static final Set<String> ON_A_NODE =
                Set.of("RUNNING", "CONFIGURING", "COMPLETING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED");

        private static final Set<String> ONLY_ITS_TURN = Set.of("None", "JobArrayTaskLimit", "Priority", "Resources");

        /** Reads a line; empty for one that is no task of an array. */
        static Optional<Task> parse(String line) {
            String[] words = line.strip().split("\\s+", 4);
            if (words.length < 3 || !words[0].matches("\\d{1,18}") || !words[1].matches("\\d{1,9}")) {
                return Optional.empty();
            }
            String reason = words.length == 4 ? words[3] : "None";
            return Optional.of(new Task(Long.parseLong(words[0]), Integer.parseInt(words[1]), words[2], reason));
        }

        /** The task of a run: one that has not ended, otherwise the newest. */
        static Optional<Task> of(int number, List<Task> tasks) {
            return tasks.stream()
                    .filter(task -> task.number() == number)
                    .max(Comparator.comparing((Task task) -> !task.hasEnded()).thenComparing(Task::job));
        }

        boolean hasEnded() {
            return ENDED.contains(state);
        }

        boolean isOnANode() {
            return ON_A_NODE.contains(state);
        }

        /** What the task waits for in Slurm's words, such as {@code BeginTime}; empty if only for its turn. */
        String waitsFor() {
            return ONLY_ITS_TURN.contains(reason) ? "" : reason;
        }
    }

    /** A command failed; the message is one line for the user. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    /**
     * Checks that jobs can be submitted from this machine.
     *
     * @throws IllegalArgumentException in one line, if not
     */
    static void require() throws InterruptedException {
        try {
            run(List.of("sbatch", "--version"));
        } catch (Refused e) {
            throw new IllegalArgumentException(
                    "LAUNCHER is slurm, but " + e.getMessage()
                            + "; allowed: local, or slurm on a machine that submits to a cluster, such as its login node",
                    e);
        }
    }

    /** Submits a job array. */
    static void submit(List<String> options, String script) throws Refused, InterruptedException {
        List<String> command = new ArrayList<>(List.of("sbatch"));
        command.addAll(options);
        command.add(script);
        run(command);
    }

    /** The tasks of all arrays of a name that Slurm remembers, ended ones only for some minutes. */
    static List<Task> tasks(String name) throws Refused, InterruptedException {
        String answer = run(List.of(
                "squeue", "--noheader", "--array", "--states=all", "--name=" + name, "--format=" + Task.FORMAT));
        return answer.lines().map(Task::parse).flatMap(Optional::stream).toList();
    }

    /** Ends all jobs of a name: running ones get SIGTERM, and some time. */
    static void cancel(String name) throws Refused, InterruptedException {
        run(List.of(cancelCommand(name).split(" ", -1)));
    }

    /** What a user types for {@link #cancel}. */
    static String cancelCommand(String name) {
        return "scancel --name=" + name;
    }

    private static String run(List<String> command) throws Refused, InterruptedException {
        String name = command.get(0);
        Process process;
        try {
            process = WorkerJvm.process(command)
                    .redirectInput(new File("/dev/null"))
                    .start();
        } catch (IOException e) {
            throw new Refused("there is no command " + name + " on the PATH of this machine");
        }
        CompletableFuture<String> errors = CompletableFuture.supplyAsync(() -> {
            try {
                return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        String answer;
        try {
            answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new Refused(name + " was cut off: " + e.getMessage());
        }
        int code = process.waitFor();
        if (code != 0) {
            String problem = errors.join()
                    .lines()
                    .map(line -> line.strip().replaceFirst("^" + name + ": (error: )?", ""))
                    .filter(line -> !line.isEmpty())
                    .collect(Collectors.joining("; "));
            throw new Refused(name + " failed: " + (problem.isEmpty() ? "exit code " + code : problem));
        }
        return answer;
    }
}
