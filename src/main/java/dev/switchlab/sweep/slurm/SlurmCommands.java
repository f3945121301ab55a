package dev.switchlab.sweep.slurm;

import dev.switchlab.sweep.ChildStart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** Slurm's own commands, as people type them. */
final class SlurmCommands {

    private final Map<String, String> environment;

    /** @param environment what these commands get beside this process's own, such as SLURM_CONF */
    SlurmCommands(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /** A command that said no; the message is one line for the user. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    /**
     * Makes sure that jobs can be submitted from this machine.
     *
     * @throws IllegalArgumentException in one line, if they cannot
     */
    void require() throws InterruptedException {
        try {
            run(List.of("sbatch", "--version"));
        } catch (Refused e) {
            throw new IllegalArgumentException(
                    "LAUNCHER is slurm, but " + e.getMessage()
                            + "; allowed: local, or slurm on a machine that submits to a cluster, such as its login node",
                    e);
        }
    }

    /** Submits a job array, and returns its number. */
    long submit(List<String> options, String script) throws Refused, InterruptedException {
        List<String> command = new ArrayList<>(List.of("sbatch", "--parsable"));
        command.addAll(options);
        command.add(script);
        String answer = run(command);
        // JOB, or JOB;CLUSTER.
        String number =
                answer.strip().lines().reduce((first, last) -> last).orElse("").split(";", 2)[0];
        if (!number.matches("\\d{1,18}")) {
            throw new Refused("sbatch answered '" + answer.strip() + "' and no job's number");
        }
        return Long.parseLong(number);
    }

    /** The tasks of all arrays of a name that Slurm remembers; those that have ended only for some minutes. */
    List<ArrayTask> tasks(String name) throws Refused, InterruptedException {
        String answer = run(List.of(
                "squeue", "--noheader", "--array", "--states=all", "--name=" + name, "--format=" + ArrayTask.FORMAT));
        return answer.lines().map(ArrayTask::parse).flatMap(Optional::stream).toList();
    }

    /** How a task ended that {@code squeue} has forgotten; empty where the cluster keeps no account of jobs. */
    Optional<ArrayTask> accounted(long job, int number) throws InterruptedException {
        try {
            String answer = run(List.of(
                    "sacct",
                    "--noheader",
                    "--allocations",
                    "--parsable2",
                    "--jobs=" + job + "_" + number,
                    "--format=State"));
            // The last line is of the last try; "CANCELLED by 0" is CANCELLED.
            return answer.lines()
                    .filter(line -> !line.isBlank())
                    .reduce((first, last) -> last)
                    .map(line -> new ArrayTask(job, number, line.strip().split(" ", 2)[0], "None"));
        } catch (Refused e) {
            return Optional.empty();
        }
    }

    /** Ends all jobs of a name: what runs gets SIGTERM, and some time. */
    void cancel(String name) throws Refused, InterruptedException {
        run(List.of(cancelling(name).split(" ", -1)));
    }

    /** What a person types for {@link #cancel}. */
    static String cancelling(String name) {
        return "scancel --name=" + name;
    }

    private String run(List<String> command) throws Refused, InterruptedException {
        Process process;
        try {
            ProcessBuilder builder = ChildStart.process(command);
            builder.environment().putAll(environment);
            process = builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                    .start();
        } catch (IOException e) {
            throw new Refused("there is no command " + command.get(0) + " on the PATH of this machine");
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
            throw new Refused(command.get(0) + " was cut off: " + e.getMessage());
        }
        int code = process.waitFor();
        if (code != 0) {
            String said = errors.join()
                    .lines()
                    .map(line -> line.strip().replaceFirst("^" + command.get(0) + ": (error: )?", ""))
                    .filter(line -> !line.isEmpty())
                    .collect(Collectors.joining("; "));
            throw new Refused(command.get(0) + " says: " + (said.isEmpty() ? "exit code " + code : said));
        }
        return answer;
    }
}
