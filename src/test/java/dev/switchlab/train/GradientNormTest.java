package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GradientNormTest {

    private static final List<Shape> SHAPES =
            List.of(new Shape(1), new Shape(3, 5), new Shape(64), new Shape(2, 7, 9), new Shape(150, 200));

    /** Against a sum in double precision; a tensor may be a view whose memory is in another order. */
    @Test
    void isTheRootOfAllSquares() {
        try (NDManager manager = NDManager.newBaseManager()) {
            SplittableRandom random = new SplittableRandom(1);
            double squares = 0;
            List<NDArray> tensors = new java.util.ArrayList<>();
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
    void ofNothingButZerosIsZero() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray norm = GradientClipping.norm(manager, List.of(manager.zeros(new Shape(3))));
            assertThat(norm.getFloat()).isZero();
            assertThat(GradientClipping.of(manager, norm, 0.5).divisor().getFloat())
                    .isEqualTo(1);
        }
    }
}
