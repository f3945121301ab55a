package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.nn.kernel.ProductKernel;
import dev.switchlab.nn.kernel.Script;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Plain and fused root mean square norms against the formula in doubles and its numerical gradient, and against
 * libtorch's own.
 */
class RmsNormTest {

    /** libtorch's operator, which is composed of others. */
    private static final Script LIBTORCH = Script.of("libtorch", """
            def forward(self, x: Tensor, w: Tensor) -> Tensor:
              return torch.rms_norm(x, [x.size(-1)], w, 1e-05)
            """);

    /** With a scale of 0.003 the epsilon is as large as the mean square. */
    @ParameterizedTest(name = "{0} times {1}")
    @CsvSource({"1 1 1, 1", "1 1 2, 1", "2 3 7, 1", "2 3 7, 0.003", "5 8, 100", "17 33, 1"})
    void isTheFormula(String text, float scale) {
        long[] shape = Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
        int d = (int) shape[shape.length - 1];
        try (NDManager manager = NDManager.newBaseManager()) {
            RmsNormLayer block = Modules.initialize(new RmsNormLayer(d), manager, 5);
            Forms.move(block);
            float[] values = Modules.random(manager, 6, shape).toFloatArray();
            for (int i = 0; i < values.length; i++) {
                values[i] *= scale;
            }
            NDArray x = manager.create(values, new Shape(shape)); // (..., D)
            float[] weight = StateDict.of(block).weights().get("weight").values(); // (D)
            double[] w = Numerical.doubles(weight);
            double[] in = Numerical.doubles(values);
            double[] c = Numerical.doubles(Modules.random(manager, 7, shape).toFloatArray()); // of the loss
            // In units of x, so that a step of the difference is small beside it.
            float[] dx = Numerical.gradient(
                    Numerical.doubles(divided(values, scale)), u -> Numerical.dot(c, normed(times(u, scale), w)));
            Map<String, float[]> expected = Map.of(
                    "y", Numerical.floats(normed(in, w)),
                    "weight", Numerical.gradient(w, v -> Numerical.dot(c, normed(in, v))),
                    "input", divided(dx, scale));
            Forms.agree(Forms.run(block, Pass::plain, x, block::forward), expected, Forms.FLOAT32, "plain");
            Forms.agree(
                    Forms.run(block, Forms.fused(ProductKernel.MATRIX), x, block::forward),
                    expected,
                    Forms.FLOAT32,
                    "fused");
            assertThat(LIBTORCH.tensor(manager, "forward", x, manager.create(weight))
                            .toFloatArray())
                    .containsExactly(expected.get("y"), within(1e-4f));
            block.clear();
        }
    }

    private static double[] normed(double[] x, double[] w) {
        double[] y = new double[x.length];
        for (int row = 0; row < x.length; row += w.length) {
            double square = 0;
            for (int i = 0; i < w.length; i++) {
                square += x[row + i] * x[row + i];
            }
            for (int i = 0; i < w.length; i++) {
                y[row + i] = x[row + i] / Math.sqrt(square / w.length + 1e-5f) * w[i];
            }
        }
        return y;
    }

    private static double[] times(double[] x, double factor) {
        return Arrays.stream(x).map(v -> v * factor).toArray();
    }

    private static float[] divided(float[] x, float divisor) {
        return Numerical.floats(times(Numerical.doubles(x), 1.0 / divisor));
    }
}
