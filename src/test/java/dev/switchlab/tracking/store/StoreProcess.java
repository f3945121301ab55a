package dev.switchlab.tracking.store;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A second JVM for tests: serves a folder until its input ends, or writes a run into it through a server of its own. */
final class StoreProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private StoreProcess(Process process) {
        this.process = process;
        this.output = process.inputReader();
    }

    /** Serves {@code runs} in a new JVM. */
    static StoreProcess serve(Path runs, String... jvmOptions) throws IOException {
        return start(List.of(jvmOptions), "serve", runs.toString());
    }

    /** Creates a run named {@code name} in a new JVM, after a line on its input, and logs {@code batches} batches to it. */
    static StoreProcess write(Path runs, String name, int batches) throws IOException {
        return start(List.of(), "write", runs.toString(), name, Integer.toString(batches));
    }

    private static StoreProcess start(List<String> jvmOptions, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), StoreProcess.class.getName()));
        command.addAll(List.of(arguments));
        return new StoreProcess(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    /** The server's address. */
    URI uri() throws IOException {
        return URI.create(output.readLine());
    }

    /** Sends the line that a writer waits for. */
    void go() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
    }

    String line() throws IOException {
        return output.readLine();
    }

    /** Waits for the end of the process and returns its exit status. */
    int join() {
        return process.onExit().orTimeout(2, TimeUnit.MINUTES).join().exitValue();
    }

    /** kill -9 */
    void kill() {
        process.destroyForcibly();
        join();
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        join();
    }

    /** The other JVM. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path runs = Path.of(arguments[1]);
        if (arguments[0].equals("serve")) {
            try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
                System.out.println(server.uri());
                System.in.read();
            }
            return;
        }
        System.out.println("ready");
        System.in.read();
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
            StoreClient client = new StoreClient(server.uri());
            String name = arguments[2];
            String runId = client.createRun("0", name);
            for (int batch = 0; batch < Integer.parseInt(arguments[3]); batch++) {
                StoreClient.Answer answer = client.postJson("runs/log-batch", batch(runId, batch));
                if (answer.status() != 200) {
                    throw new IOException(answer.json().toString());
                }
                System.out.println(batch);
            }
        }
    }

    /** A batch of 100 points over 10 keys, 1 param and 1 tag. */
    private static String batch(String runId, int batch) {
        StringBuilder json = new StringBuilder("{\"run_id\":\"" + runId + "\",\"metrics\":[");
        for (int i = 0; i < 100; i++) {
            json.append(i == 0 ? "" : ",")
                    .append("{\"key\":\"m")
                    .append(i % 10)
                    .append("\",\"value\":")
                    .append(i)
                    .append(",\"timestamp\":1,\"step\":")
                    .append(batch * 10 + i / 10)
                    .append('}');
        }
        return json + "],\"params\":[{\"key\":\"p" + batch + "\",\"value\":\"" + batch
                + "\"}],\"tags\":[{\"key\":\"last\",\"value\":\"" + batch + "\"}]}";
    }
}
