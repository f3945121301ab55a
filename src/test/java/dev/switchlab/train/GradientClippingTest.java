package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GradientClippingTest {

    /** Gradients (3) and (0, 4): their norm is 5. */
    @ParameterizedTest
    @CsvSource({"0, 1", "10, 1", "5.00001, 1", "2.5, 2", "0.5, 10"})
    void dividesByWhatIsTooMuch(double maxNorm, float divisor) {
        try (NDManager manager = NDManager.newBaseManager()) {
            List<NDArray> gradients =
                    List.of(manager.create(new float[] {3}), manager.create(new float[] {0, 4}, new Shape(2, 1)));
            GradientClipping clipping = GradientClipping.of(manager, gradients, maxNorm);
            assertThat(clipping.norm().getFloat()).isEqualTo(5);
            assertThat(clipping.divisor().getFloat()).isCloseTo(divisor, within(1e-5f));
            assertThat(clipping.divisor().getFloat()).isGreaterThanOrEqualTo(1);
            assertThat(gradients.get(1).toFloatArray()).containsExactly(0, 4); // measured, not yet scaled
        }
    }
}
