package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.TrainConfig.UpdateRule;
import dev.switchlab.train.Adam.Decay;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adam against its formulas in doubles, weight by weight. */
class AdamTest {

    private static final int STEPS = 200;
    private static final double B1 = 0.9;
    private static final double B2 = 0.99;
    private static final double RATE = 0.01;
    private static final double BASE_RATE = 0.02;

    /** Sizes with and without a rest that fills no vector register, and one that is spread over threads. */
    private static final List<Shape> SHAPES =
            List.of(new Shape(1), new Shape(3, 5), new Shape(64), new Shape(2, 7, 9), new Shape(150, 200));

    @ParameterizedTest
    @CsvSource({
        "REFERENCE, 1e-8, L2,                  0,     false, 1",
        "TORCH,     1e-8, L2,                  0,     false, 1",
        "TORCH,     1e-8, L2,                  0,     true,  1",
        "TORCH,     1e-3, ABSOLUTE,            0.001, false, 3.7",
        "REFERENCE, 1e-3, DECOUPLED_BASE_RATE, 0.05,  true,  3.7",
        "REFERENCE, 1e-3, L2,                  0.01,  true,  3.7",
        "TORCH,     1e-3, L2,                  0.01,  false, 1000",
        "TORCH,     0.1,  DECOUPLED,           10,    true,  1.5",
    })
    void followsItsFormulas(
            UpdateRule update, double eps, Decay decay, double weightDecay, boolean amsgrad, double divisor) {
        double shrink = switch (decay) {
            case L2 -> 1;
            case DECOUPLED -> 1 - RATE * weightDecay;
            case DECOUPLED_BASE_RATE -> 1 - BASE_RATE * weightDecay;
            case ABSOLUTE -> 1 - weightDecay;
        };
        try (NDManager manager = NDManager.newBaseManager()) {
            List<NDArray> weights = tensors(manager, new SplittableRandom(1), 1);
            List<double[]> p = doubles(weights);
            List<double[]> m = zeros();
            List<double[]> v = zeros();
            List<double[]> vmax = zeros();
            Adam adam = new Adam(new Adam.Config(B1, B2, eps, weightDecay, decay, amsgrad, update), weights, manager);
            SplittableRandom random = new SplittableRandom(7);
            for (int t = 1; t <= STEPS; t++) {
                double c1 = 1 - Math.pow(B1, t);
                double c2 = Math.sqrt(1 - Math.pow(B2, t));
                try (NDManager step = manager.newSubManager()) {
                    // Every fifth gradient is zero, and the scale changes, so that the maximum of v is sometimes
                    // another than v.
                    double scale = t % 5 == 0 ? 0 : t % 3 + 0.1;
                    List<NDArray> gradients = turned(tensors(step, random, scale));
                    for (int i = 0; i < SHAPES.size(); i++) {
                        float[] gradient = gradients.get(i).toFloatArray();
                        for (int j = 0; j < gradient.length; j++) {
                            double g = gradient[j] / divisor;
                            p.get(i)[j] *= shrink;
                            g += decay == Decay.L2 ? weightDecay * p.get(i)[j] : 0;
                            m.get(i)[j] = B1 * m.get(i)[j] + (1 - B1) * g;
                            v.get(i)[j] = B2 * v.get(i)[j] + (1 - B2) * g * g;
                            vmax.get(i)[j] = amsgrad ? Math.max(vmax.get(i)[j], v.get(i)[j]) : v.get(i)[j];
                            double root = Math.sqrt(vmax.get(i)[j]);
                            p.get(i)[j] -= update == UpdateRule.REFERENCE
                                    ? RATE * c2 / c1 * m.get(i)[j] / (root + eps)
                                    : RATE / c1 * m.get(i)[j] / (root / c2 + eps);
                        }
                    }
                    adam.step(gradients, step.create((float) divisor), RATE, BASE_RATE);
                }
            }
            assertThat(adam.steps()).isEqualTo(STEPS);
            assertClose(weights, p);
            assertClose(adam.moments().get("first"), m);
            assertClose(adam.moments().get("second"), v);
            if (amsgrad) {
                assertClose(adam.moments().get("maximum"), vmax);
            }
        }
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

    private static List<double[]> zeros() {
        return SHAPES.stream().map(shape -> new double[(int) shape.size()]).toList();
    }

    private static List<double[]> doubles(List<NDArray> tensors) {
        List<double[]> all = zeros();
        for (int i = 0; i < all.size(); i++) {
            float[] values = tensors.get(i).toFloatArray();
            for (int j = 0; j < values.length; j++) {
                all.get(i)[j] = values[j];
            }
        }
        return all;
    }

    /** Views whose memory is in another order than their weights'. */
    private static List<NDArray> turned(List<NDArray> tensors) {
        return tensors.stream()
                .map(NDArray::transpose)
                .map(t -> t.getManager().create(t.toFloatArray(), t.getShape()).transpose())
                .toList();
    }

    /** 200 steps of float32 roundings. */
    private static void assertClose(List<NDArray> actual, List<double[]> expected) {
        List<double[]> values = doubles(actual);
        for (int i = 0; i < values.size(); i++) {
            for (int j = 0; j < values.get(i).length; j++) {
                double wanted = expected.get(i)[j];
                assertThat(values.get(i)[j]).isCloseTo(wanted, within(2e-5 * Math.abs(wanted) + 2e-6));
            }
        }
    }
}
