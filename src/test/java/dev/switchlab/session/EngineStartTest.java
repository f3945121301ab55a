package dev.switchlab.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.switchlab.testing.JavaProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EngineStartTest {

    private final List<String> warnings = new ArrayList<>();

    private Device choose(String asked, int gpus, String trouble) {
        return EngineStart.choose(asked, gpus, gpu -> Optional.ofNullable(trouble), warnings::add);
    }

    @ParameterizedTest
    @CsvSource({"auto, 2, gpu(0)", "cpu, 2, cpu()", "cpu, 0, cpu()", "gpu, 1, gpu(0)", "gpu:1, 2, gpu(1)"})
    void autoTakesAGpuIfThereIsOne(String asked, int gpus, String device) {
        assertThat(choose(asked, gpus, null)).hasToString(device);
        assertThat(warnings).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, the driver is too old", "1, no kernel image is available"})
    void autoTakesTheCpuAndTellsWhy(int gpus, String trouble) {
        assertThat(choose("auto", gpus, trouble)).hasToString("cpu()");
        assertThat(warnings).containsExactly(trouble);
    }

    @ParameterizedTest
    @CsvSource({
        "gpu, 0, 'DEVICE is ''gpu'', but DJL finds 0 CUDA devices: the driver is dead; use DEVICE=cpu'",
        "gpu:0, 1, DJL finds 1 CUDA devices: the driver is dead",
        "gpu:2, 2, DJL finds 2 CUDA devices: the last one is gpu:1",
        "tpu, 1, 'allowed: auto, cpu, gpu or gpu:N'"
    })
    void aMissingGpuIsAnError(String asked, int gpus, String message) {
        assertThatThrownBy(() -> choose(asked, gpus, "the driver is dead")).hasMessageContaining(message);
    }

    /** Without waiting, one in about ten such JVMs crashed: at which delay depends on the machine. */
    @ParameterizedTest
    @ValueSource(ints = {0, 150, 300, 450})
    void anExitWhileLibtorchLoadsIsOrderly(int millis) throws IOException, InterruptedException {
        Process process = JavaProcess.of(LeavesEarly.class, Integer.toString(millis))
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .doesNotContain("SIGSEGV");
        assertThat(process.waitFor()).isEqualTo(3);
    }

    /** Begins to load libtorch and exits. */
    static final class LeavesEarly {

        private LeavesEarly() {}

        public static void main(String[] args) throws InterruptedException {
            EngineStart.begin();
            Thread.sleep(Long.parseLong(args[0]));
            System.exit(3);
        }
    }
}
