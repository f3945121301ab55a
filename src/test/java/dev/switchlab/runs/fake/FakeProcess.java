package dev.switchlab.runs.fake;

import dev.switchlab.testing.JavaProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The fake server in a process of its own, which can be killed, stopped for a while, and started again at its address.
 */
public final class FakeProcess implements AutoCloseable {
    private final Process process;
    private final URI uri;

    private FakeProcess(Process process) throws IOException {
        this.process = process;
        this.uri = URI.create(process.inputReader().readLine());
    }

    /**
     * @param folder what it keeps; of an earlier process, or new
     * @param port 0 for any
     */
    public static FakeProcess start(Path folder, int port) throws IOException {
        return new FakeProcess(JavaProcess.of(FakeMlflow.class, folder.toString(), Integer.toString(port))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    public URI uri() {
        return uri;
    }

    /** kill -9 */
    public void kill() {
        process.destroyForcibly();
        process.onExit().orTimeout(1, TimeUnit.MINUTES).join();
    }

    /** Stops it where it is: connections stay open, and nothing is answered. */
    public void stop() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** Lets it go on. */
    public void goOn() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IOException("kill -" + name + ": exit code " + exit);
        }
    }

    @Override
    public void close() {
        kill();
    }
}
