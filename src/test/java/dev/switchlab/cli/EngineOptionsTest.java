package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import org.junit.jupiter.api.Test;

class EngineOptionsTest {

    @Test
    void autoTakesAGpuWhereThereIsOne() {
        assertThat(EngineOptions.choose("auto", 0)).isEqualTo(Device.cpu());
        assertThat(EngineOptions.choose("auto", 2)).isEqualTo(Device.gpu(0));
        assertThat(EngineOptions.choose("cpu", 2)).isEqualTo(Device.cpu());
        assertThat(EngineOptions.choose("gpu", 1)).isEqualTo(Device.gpu(0));
        assertThat(EngineOptions.choose("gpu:1", 2)).isEqualTo(Device.gpu(1));
    }

    @Test
    void aMissingGpuIsAnErrorNotTheCpu() {
        assertThatThrownBy(() -> EngineOptions.choose("gpu", 0)).hasMessageContaining("DJL finds 0 CUDA devices");
        assertThatThrownBy(() -> EngineOptions.choose("gpu:2", 2)).hasMessageContaining("DJL finds 2 CUDA devices");
        assertThatThrownBy(() -> EngineOptions.choose("tpu", 1))
                .hasMessageContaining("allowed: auto, cpu, gpu or gpu:N");
    }
}
