package dev.switchlab.provenance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NvidiaDriverTest {

    @ParameterizedTest
    @CsvSource({
        "'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023', 535.129.03",
        "'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (dvs@x)', 550.54.15",
        "'570.86\n', 570.86",
        "'NVIDIA-SMI has failed', "
    })
    void theVersionIsReadFromTheKernelModuleOrTheTool(String text, String version) {
        assertThat(NvidiaDriver.version(text.replace("\\n", "\n"))).isEqualTo(Optional.ofNullable(version));
    }

    @Test
    void theReasonNamesDriverAndRemedy() {
        assertThat(NvidiaDriver.trouble("cpu")).get().asString().contains("for the CPU", "make CUDA=true");
        assertThat(NvidiaDriver.trouble(Optional.empty())).isEqualTo("this machine has no NVIDIA driver");
        assertThat(NvidiaDriver.trouble(Optional.of("550.54"))).contains("550.54", "libcuda.so.1", "--gpus all");
        assertThat(NvidiaDriver.trouble(35, "insufficient", "470.57", "cu124", Map.of()))
                .isEqualTo("NVIDIA's driver 470.57 gives CUDA 12.4 no device: insufficient (35); a newer driver is"
                        + " needed");
        assertThat(NvidiaDriver.trouble(100, "none", "550.54", "cu128", Map.of("CUDA_VISIBLE_DEVICES", "")))
                .isEqualTo("NVIDIA's driver 550.54 gives CUDA 12.8 no device: none (100); CUDA_VISIBLE_DEVICES is ''");
    }
}
