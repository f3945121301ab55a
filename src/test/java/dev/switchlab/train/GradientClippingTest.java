package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GradientClippingTest {

    private static final List<Shape> SHAPES =
            List.of(new Shape(1), new Shape(3, 5), new Shape(64), new Shape(2, 7, 9), new Shape(150, 200));

    /** Against a sum in double precision; a tensor may be a view whose memory is in another order. */
    @Test
    void theNormIsTheRootOfAllSquares() {
        try (NDManager manager = NDManager.newBaseManager()) {
            SplittableRandom random = new SplittableRandom(1);
            double squares = 0;
            List<NDArray> tensors = new ArrayList<>();
            for (Shape shape : SHAPES) {
                float[] values = new float[(int) shape.size()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextGaussian() * (shape.dimension() + 1);
                    squares += (double) values[i] * values[i];
                }
                tensors.add(manager.create(values, shape).transpose());
            }
            float norm = GradientClipping.norm(manager, tensors).getFloat();
            assertThat((double) norm).isCloseTo(Math.sqrt(squares), within(1e-6 * Math.sqrt(squares)));
        }
    }

    @Test
    void theNormOfZerosIsZero() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray norm = GradientClipping.norm(manager, List.of(manager.zeros(new Shape(3))));
            assertThat(norm.getFloat()).isZero();
            assertThat(GradientClipping.of(manager, norm, 0.5).divisor().getFloat())
                    .isEqualTo(1);
        }
    }

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
