package dev.switchlab.nn.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Kernels against PyTorch's own functions, by {@code golden/kernels.py}; skipped on a machine without PyTorch. */
@Tag("slow")
class PythonKernelsTest {

    private static final List<String> PYTHONS = Stream.of(System.getenv("PYTHON"), "python3", "/usr/bin/python3")
            .filter(Objects::nonNull)
            .filter(python -> !python.isBlank())
            .toList();

    @Test
    void kernelsAgreeWithPyTorch() throws Exception {
        Optional<String> python =
                PYTHONS.stream().filter(PythonKernelsTest::hasTorch).findFirst();
        String reason = "none of " + PYTHONS + " imports torch (Debian: python3-torch), so kernels are not compared";
        if (python.isEmpty()) {
            System.err.println(reason);
        }
        assumeTrue(python.isPresent(), reason);
        Process process = start(python.orElseThrow(), "golden/kernels.py");
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output.stripTrailing()).matches("(?s).*[1-9]\\d* passed, 0 failed");
    }

    private static boolean hasTorch(String python) {
        try {
            Process process = start(python, "-c", "import torch");
            process.getInputStream().readAllBytes();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false; // no such program
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static Process start(String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        return builder.start();
    }
}
