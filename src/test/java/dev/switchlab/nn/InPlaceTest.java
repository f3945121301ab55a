package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class InPlaceTest {

    /** libtorch records operations per thread: on all threads but the one that loaded the engine. */
    @Test
    void aParameterIsOverwrittenOnAnyThread() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray parameter = manager.zeros(new Shape(2, 3)); // (out, in)
            parameter.setRequiresGradient(true);
            NDArray values = manager.arange(6f).reshape(2, 3); // (out, in)
            assertThatCode(() -> CompletableFuture.runAsync(() -> InPlace.copy(values, parameter))
                            .join())
                    .doesNotThrowAnyException();
            assertThat(parameter.toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5);
            assertThat(parameter.hasGradient()).isTrue();
        }
    }
}
