package dev.switchlab.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Other JVMs on the tests' class path: quick to start, offline and at one thread, as the tests are. */
public final class JavaProcess {

    private JavaProcess() {}

    /** To be started: the main method of {@code main} with {@code arguments}. */
    public static ProcessBuilder of(Class<?> main, String... arguments) {
        return withOptions(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"), main, arguments);
    }

    /** The same with other options of the JVM in place of those for a quick start. */
    public static ProcessBuilder withOptions(List<String> options, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
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
}
