package dev.switchlab.distributed;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Several ranks of one program, started by Open MPI's mpirun. What rank 0 prints goes where this process prints. Rank
 * 0's standard input is open as long as all shall go on.
 */
public final class MpiRun {

    /** The environment variable with mpirun and its own options, such as {@code mpirun --host a,b}. */
    public static final String VARIABLE = "MPIRUN";

    private final Process process;
    private final Thread reader;
    private final RankMessages messages = new RankMessages();

    private MpiRun(Process process, Consumer<String> errors) {
        this.process = process;
        reader = new Thread(() -> read(errors), "mpirun-messages");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts {@code ranks} processes.
     *
     * @param program command line of each
     * @param more environment variables for mpirun, and so for the ranks on this machine
     * @param errors takes what there is to say on standard error, line by line
     * @throws ProcessGroupException in one line, if there is no mpirun, or not Open MPI's
     */
    public static MpiRun start(int ranks, List<String> program, Map<String, String> more, Consumer<String> errors) {
        List<String> mpirun = mpirun(System.getenv());
        requireOpenMpi(mpirun.get(0));
        ProcessBuilder builder = new ProcessBuilder(command(mpirun, ranks, program));
        builder.environment().putAll(more);
        try {
            return new MpiRun(
                    builder.redirectOutput(ProcessBuilder.Redirect.INHERIT).start(), errors);
        } catch (IOException e) {
            throw new ProcessGroupException(mpirun.get(0) + " cannot be started: " + e.getMessage(), e);
        }
    }

    static List<String> mpirun(Map<String, String> environment) {
        return Arrays.asList(
                environment.getOrDefault(VARIABLE, "mpirun").strip().split("\\s+", -1));
    }

    /** The command line of {@link #start}, for those who start it themselves. */
    public static List<String> commandHere(int ranks, List<String> program) {
        return command(mpirun(System.getenv()), ranks, program);
    }

    private static List<String> command(List<String> mpirun, int ranks, List<String> program) {
        List<String> command = new ArrayList<>();
        // Ctrl-C at the terminal is for this process, which asks for an end in good order; mpirun would kill.
        onPath("setsid").ifPresent(setsid -> command.add(setsid.toString()));
        command.addAll(mpirun);
        if (System.getProperty("user.name").equals("root")) {
            command.add("--allow-run-as-root");
        }
        command.addAll(List.of("-n", Integer.toString(ranks), "--bind-to", "none", "--oversubscribe"));
        if (mpirun.size() == 1) {
            command.addAll(List.of("--mca", "btl", "^tcp")); // one machine: no network
        }
        command.addAll(program);
        return command;
    }

    private static void requireOpenMpi(String mpirun) {
        String version = version(mpirun);
        if (!version.contains("Open MPI")) {
            throw new ProcessGroupException("RANKS needs Open MPI's mpirun, and " + mpirun + " is '" + version
                    + "'; name the right one, for example: MPIRUN=/usr/bin/mpirun.openmpi");
        }
    }

    private static String version(String mpirun) {
        try {
            Process asked = new ProcessBuilder(mpirun, "--version")
                    .redirectErrorStream(true)
                    .start();
            asked.getOutputStream().close();
            try (BufferedReader lines = asked.inputReader(StandardCharsets.UTF_8)) {
                return Optional.ofNullable(lines.readLine()).orElse("").strip();
            }
        } catch (IOException e) {
            throw new ProcessGroupException("RANKS needs Open MPI's mpirun, and there is no '" + mpirun
                    + "'; on Debian: apt-get install openmpi-bin; MPIRUN names another place");
        }
    }

    /** The first program of that name on the PATH. */
    public static Optional<Path> onPath(String name) {
        String path = System.getenv().getOrDefault("PATH", "");
        return Arrays.stream(path.split(File.pathSeparator, -1))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private void read(Consumer<String> errors) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                messages.read(line).ifPresent(errors);
            }
        } catch (IOException | UncheckedIOException e) {
            // It was killed.
        }
    }

    /** Waits for the end: mpirun's exit code, which is that of the first rank that did not end with 0. */
    public int await() throws InterruptedException {
        int code = process.waitFor();
        reader.join();
        return code;
    }

    /** Why all has ended, if a rank was lost without a word. */
    public Optional<String> lost() {
        return messages.end();
    }

    /** Asks for an end in good order. */
    public void stop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            return; // it has ended
        }
    }

    /** Ends all ranks at once. */
    public void kill() {
        process.destroy();
    }
}
