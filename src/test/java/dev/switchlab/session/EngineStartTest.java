package dev.switchlab.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import org.junit.jupiter.api.Test;

class EngineStartTest {

    @Test
    void autoTakesAGpuWhereThereIsOne() {
        assertThat(EngineStart.choose("auto", 0)).isEqualTo(Device.cpu());
        assertThat(EngineStart.choose("auto", 2)).isEqualTo(Device.gpu(0));
        assertThat(EngineStart.choose("cpu", 2)).isEqualTo(Device.cpu());
        assertThat(EngineStart.choose("gpu", 1)).isEqualTo(Device.gpu(0));
        assertThat(EngineStart.choose("gpu:1", 2)).isEqualTo(Device.gpu(1));
    }

    @Test
    void aMissingGpuIsAnErrorNotTheCpu() {
        assertThatThrownBy(() -> EngineStart.choose("gpu", 0)).hasMessageContaining("DJL finds 0 CUDA devices");
        assertThatThrownBy(() -> EngineStart.choose("gpu:2", 2)).hasMessageContaining("DJL finds 2 CUDA devices");
        assertThatThrownBy(() -> EngineStart.choose("tpu", 1)).hasMessageContaining("allowed: auto, cpu, gpu or gpu:N");
    }
}
