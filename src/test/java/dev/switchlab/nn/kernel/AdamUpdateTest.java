package dev.switchlab.nn.kernel;

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

/** The fused form against the plain one, and the plain one against numbers worked out by hand. */
class AdamUpdateTest {

    private static final int STEPS = 200;

    /** Sizes with and without a rest that fills no vector register, and one that is spread over threads. */
    private static final List<Shape> SHAPES =
            List.of(new Shape(1), new Shape(3, 5), new Shape(64), new Shape(2, 7, 9), new Shape(150, 200));

    /** Eps: at the root's place or corrected; decay: none, decoupled, L2; both kinds of denominator; clipped or not. */
    @ParameterizedTest
    @CsvSource({
        "1e-8, false, 1,      0,    false, 1",
        "1e-8, true,  1,      0,    false, 1",
        "1e-8, true,  1,      0,    true,  1",
        "1e-3, true,  0.999,  0,    false, 3.7",
        "1e-3, false, 0.999,  0.01, true,  3.7",
        "1e-3, true,  1,      0.01, false, 1000",
        "0.1,  true,  0.9,    0,    true,  1.5",
    })
    void fusedFollowsPlain(double eps, boolean corrected, double shrink, double pull, boolean amsgrad, double divisor) {
        try (NDManager manager = NDManager.newBaseManager()) {
            AdamUpdate.State fused = state(manager, amsgrad);
            AdamUpdate.State plain = state(manager, amsgrad);
            SplittableRandom random = new SplittableRandom(7);
            for (int t = 1; t <= STEPS; t++) {
                try (NDManager step = manager.newSubManager()) {
                    // Every fifth gradient is zero, and the scale changes, so that the maximum of v is sometimes
                    // another than v.
                    double scale = t % 5 == 0 ? 0 : t % 3 + 0.1;
                    List<NDArray> gradients = turned(tensors(step, random, scale));
                    List<NDArray> copies =
                            gradients.stream().map(NDArray::duplicate).toList();
                    AdamUpdate.Numbers numbers = numbers(t, eps, corrected, shrink, pull);
                    NDArray by = step.create((float) divisor);
                    AdamUpdate.plain(step, plain, copies, by, numbers);
                    AdamUpdate.fused(step, fused, gradients, by, numbers);
                }
            }
            close(fused.weights(), plain.weights());
            close(fused.first(), plain.first());
            close(fused.second(), plain.second());
            close(fused.maximum(), plain.maximum());
        }
    }

    private static AdamUpdate.Numbers numbers(int t, double eps, boolean corrected, double shrink, double pull) {
        double root = corrected ? Math.sqrt(1 - Math.pow(0.99, t)) : 1;
        return new AdamUpdate.Numbers(0.9, 0.99, eps, root, 0.01 / (1 - Math.pow(0.9, t)), shrink, pull);
    }

    private static AdamUpdate.State state(NDManager manager, boolean amsgrad) {
        return new AdamUpdate.State(
                tensors(manager, new SplittableRandom(1), 1),
                tensors(manager, new SplittableRandom(1), 0),
                tensors(manager, new SplittableRandom(1), 0),
                amsgrad ? tensors(manager, new SplittableRandom(1), 0) : List.of());
    }

    private static List<NDArray> tensors(NDManager manager, SplittableRandom random, double scale) {
        List<NDArray> tensors = new ArrayList<>();
        for (Shape shape : SHAPES) {
            float[] values = new float[(int) shape.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (scale * (random.nextDouble() - 0.5));
            }
            tensors.add(manager.create(values, shape));
        }
        return tensors;
    }

    /** Views whose memory is in another order than their weights'. */
    private static List<NDArray> turned(List<NDArray> tensors) {
        return tensors.stream()
                .map(NDArray::transpose)
                .map(t -> t.getManager().create(t.toFloatArray(), t.getShape()).transpose())
                .toList();
    }

    /** 200 steps of float32 roundings that differ in the order of operations. */
    private static void close(List<NDArray> actual, List<NDArray> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            float[] values = actual.get(i).toFloatArray();
            float[] wanted = expected.get(i).toFloatArray();
            for (int j = 0; j < values.length; j++) {
                assertThat(values[j]).isCloseTo(wanted[j], within(2e-5f * Math.abs(wanted[j]) + 2e-6f));
            }
        }
    }

    @Test
    void plainIsAsItsFormulasSay() {
        try (NDManager manager = NDManager.newBaseManager()) {
            AdamUpdate.State state = new AdamUpdate.State(
                    List.of(manager.create(new float[] {2})),
                    List.of(manager.create(new float[] {0.5f})),
                    List.of(manager.create(new float[] {0.25f})),
                    List.of(manager.create(new float[] {4})));
            AdamUpdate.plain(
                    manager,
                    state,
                    List.of(manager.create(new float[] {8})),
                    manager.create(4f),
                    new AdamUpdate.Numbers(0.5, 0.75, 1, 0.5, 0.1, 0.5, 3));
            // g = 8 / 4 = 2; p = 1; g = 5; m = 0.25 + 2.5; v = 0.1875 + 6.25; the maximum is v; p = 1 - 0.1 * m / (2 *
            // sqrt(v) + 1)
            assertThat(state.first().get(0).getFloat()).isEqualTo(2.75f);
            assertThat(state.second().get(0).getFloat()).isEqualTo(6.4375f);
            assertThat(state.maximum().get(0).getFloat()).isEqualTo(6.4375f);
            assertThat(state.weights().get(0).getFloat())
                    .isCloseTo((float) (1 - 0.275 / (2 * Math.sqrt(6.4375) + 1)), within(1e-7f));
        }
    }
}
