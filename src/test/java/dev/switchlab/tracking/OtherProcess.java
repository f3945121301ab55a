package dev.switchlab.tracking;

import dev.switchlab.tracking.store.StoreConfig;
import dev.switchlab.tracking.store.TrackingServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A second JVM for tests: a server over a folder, or a process that logs to a run until it is killed. */
final class OtherProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private OtherProcess(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                OtherProcess.class.getName()));
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        output = process.inputReader();
    }

    /** Serves the store in {@code runs}. */
    static OtherProcess server(Path runs) throws IOException {
        return new OtherProcess("serve", runs.toString());
    }

    /** Logs to a run, step after step without end; each line that it prints is a step that will not be lost. */
    static OtherProcess logging(Path runs, Optional<URI> server) throws IOException {
        return new OtherProcess(
                "log", runs.toString(), server.map(URI::toString).orElse(""));
    }

    String line() throws IOException {
        return output.readLine();
    }

    URI uri() throws IOException {
        return URI.create(line());
    }

    /** kill -9 */
    void kill() {
        process.destroyForcibly();
        process.onExit().orTimeout(1, TimeUnit.MINUTES).join();
    }

    @Override
    public void close() {
        kill();
    }

    /** The other JVM. */
    public static void main(String[] arguments) throws IOException {
        Path runs = Path.of(arguments[1]);
        if (arguments[0].equals("serve")) {
            try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
                System.out.println(server.uri());
                System.in.read();
            }
            return;
        }
        Optional<URI> server = arguments[2].isEmpty() ? Optional.empty() : Optional.of(URI.create(arguments[2]));
        TrackingStore store = TrackingStore.open(server, runs, TestOptions.quick(notice -> {}));
        MlflowRunLog log = store.startRun(TestRuns.info());
        System.out.println(log.runId());
        for (int step = 1; ; step++) {
            log.metrics(step, Map.of("train/loss", 1.0 / step, "train/grad_norm", step * 0.5));
            if (step % 10 == 0) {
                log.sync();
                System.out.println(step);
            }
        }
    }
}
