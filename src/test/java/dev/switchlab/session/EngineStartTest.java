package dev.switchlab.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineStartTest {

    @ParameterizedTest
    @CsvSource({"auto, 0, cpu()", "auto, 2, gpu(0)", "cpu, 2, cpu()", "gpu, 1, gpu(0)", "gpu:1, 2, gpu(1)"})
    void autoTakesAGpuIfThereIsOne(String asked, int gpus, String device) {
        assertThat(EngineStart.choose(asked, gpus)).hasToString(device);
    }

    @ParameterizedTest
    @CsvSource({
        "gpu, 0, DJL finds 0 CUDA devices",
        "gpu:2, 2, DJL finds 2 CUDA devices",
        "tpu, 1, 'allowed: auto, cpu, gpu or gpu:N'"
    })
    void aMissingGpuIsAnError(String asked, int gpus, String message) {
        assertThatThrownBy(() -> EngineStart.choose(asked, gpus)).hasMessageContaining(message);
    }
}
