package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class StateDictTest {

    /** libtorch records operations per thread: on all threads but the one that loaded the engine. */
    @Test
    void aParameterIsOverwrittenOnAnyThread() {
        try (NDManager manager = NDManager.newBaseManager()) {
            LinearLayer layer = Modules.initialize(new LinearLayer(3, 2, false), manager, 1);
            NDArray parameter = layer.weight().getArray(); // (out, in)
            parameter.setRequiresGradient(true);
            float[] values = {0, 1, 2, 3, 4, 5};
            Map<String, StateDict.Weight> weights = Map.of("weight", new StateDict.Weight(new long[] {2, 3}, values));
            assertThatCode(() -> CompletableFuture.runAsync(
                                    () -> StateDict.of(layer).load(weights))
                            .join())
                    .doesNotThrowAnyException();
            assertThat(parameter.toFloatArray()).containsExactly(values);
            assertThat(parameter.hasGradient()).isTrue();
        }
    }
}
