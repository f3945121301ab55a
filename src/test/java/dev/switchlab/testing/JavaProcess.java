package dev.switchlab.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.session.CudaLibraries;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** JVMs with the class path of the tests, offline and with one thread. */
public final class JavaProcess {

    private JavaProcess() {}

    /** Runs the main method of {@code main}, with JVM options for a quick start. */
    public static ProcessBuilder of(Class<?> main, String... arguments) {
        return withOptions(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"), main, arguments);
    }

    /** Runs the main method of {@code main} with the given JVM options. */
    public static ProcessBuilder withOptions(List<String> options, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(libraries());
        command.addAll(List.of(
                "-Dai.djl.offline=true",
                "-Dai.djl.pytorch.num_threads=1",
                "-Dai.djl.pytorch.num_interop_threads=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
        builder.environment().put("OMP_NUM_THREADS", "1");
        return builder;
    }

    /** Options that tell DJL where the CUDA build of libtorch is; none for the CPU build. */
    public static List<String> libraries() {
        CudaLibraries.prepare();
        return Stream.of("PYTORCH_LIBRARY_PATH", "PYTORCH_VERSION", "PYTORCH_FLAVOR")
                .filter(name -> System.getProperty(name) != null)
                .map(name -> "-D" + name + "=" + System.getProperty(name))
                .toList();
    }

    /** The lines that a process prints, which must end with code 0; its errors go where this process' go. */
    public static List<String> lines(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return out.lines().toList();
    }
}
