package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.testing.NeedsMpi;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run whose two ranks are on two hosts, with a network between: {@code src/test/mpi/two-hosts.sh} makes them of one
 * machine.
 */
@NeedsMpi
class RankedHostsTest {

    private static final int NO_HOSTS = 3;

    @TempDir
    Path folder;

    @Test
    void expertsAreSharedOutOverTwoHosts() throws Exception {
        Path runs = folder.resolve("runs");
        List<String> command = new ArrayList<>(List.of("bash", "src/test/mpi/two-hosts.sh"));
        command.addAll(FourSteps.command(runs));
        command.addAll(List.of("--ranks", "2"));
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        int code = process.waitFor();
        String text = Files.readString(output);
        if (code == NO_HOSTS) {
            System.err.println("RankedHostsTest: skipped: " + text.strip());
            Assumptions.abort(text.strip());
        }
        assertThat(code).as(text).isZero();
        assertThat(text).contains("cpu, 2 ranks of 1 threads", "experts     sharded over the ranks");
        FourSteps.assertFinished(runs, 2);
    }
}
