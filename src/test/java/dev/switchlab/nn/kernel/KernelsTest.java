package dev.switchlab.nn.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.switchlab.nn.kernel.KernelTimer.Product;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelsTest {

    private static final Script SCRIPT = Script.of("linear", "experts");

    @ParameterizedTest
    @EnumSource
    void areTheirText(ProductKernel kernel) {
        String text = new Kernels(kernel, ProductKernel.MATRIX).toString();
        assertThat(Kernels.parse(text)).isEqualTo(kernel);
        assertThat(Kernels.parse(" " + text.toUpperCase(Locale.ROOT) + " ")).isEqualTo(kernel);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fast", "", "linear", "matrix/matrix", "dense=matrix", "matrix matrix"})
    void otherTextIsRefusedInOneLine(String text) {
        assertThatThrownBy(() -> Kernels.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("KERNELS is '" + text
                        + "', allowed: auto, matrix, convolution, bfloat16; for example KERNELS=matrix");
    }

    @Test
    void nothingTimedIsAMatrixProduct() {
        try (NDManager manager = NDManager.newBaseManager()) {
            assertThat(KernelTimer.fastest(manager, List.of(new Product(64, 16, 16)), System.nanoTime() - 1))
                    .isEqualTo(ProductKernel.MATRIX);
        }
    }

    @Test
    void timingChoosesAmongThoseOfFloat32() {
        try (NDManager manager = NDManager.newBaseManager()) {
            assertThat(KernelTimer.fastest(
                            manager, List.of(new Product(64, 16, 16)), System.nanoTime() + 60_000_000_000L))
                    .isNotEqualTo(ProductKernel.BFLOAT16);
        }
    }

    /** The products of a linear layer, as libtorch differentiates them and as experts do, against doubles. */
    @ParameterizedTest(name = "{0} x {1} to {2}")
    @CsvSource({"1, 1, 1", "1, 7, 3", "5, 1, 4", "33, 17, 9", "64, 16, 32"})
    void everyKernelMultiplies(int rows, int in, int out) {
        for (ProductKernel kernel : ProductKernel.values()) {
            try (NDManager manager = NDManager.newBaseManager()) {
                Matrix x = Matrix.random(manager, 1, rows, in);
                Matrix w = Matrix.random(manager, 2, out, in);
                Matrix b = Matrix.random(manager, 3, out, 1);
                Matrix dy = Matrix.random(manager, 4, rows, out);
                Term y = (i, o, t) -> x.at(i, t) * w.at(o, t);
                Term dx = (i, j, t) -> dy.at(i, t) * w.at(t, j);
                Term dw = (o, j, t) -> dy.at(t, o) * x.at(t, j);

                NDArray bias = b.array.reshape(out);
                for (NDArray leaf : List.of(x.array, w.array, bias)) {
                    leaf.setRequiresGradient(true);
                }
                try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                    NDArray withBias =
                            SCRIPT.differentiable(manager, "linear", x.array, w.array, List.of(bias), kernel.code());
                    close(kernel, withBias, in + 1, (i, o, t) -> t < in ? y.at(i, o, t) : b.at(o, 0));
                    collector.backward(withBias.mul(dy.array).sum());
                }
                close(kernel, x.array.getGradient(), out, dx);
                close(kernel, w.array.getGradient(), rows, dw);
                close(ProductKernel.MATRIX, bias.getGradient().reshape(1, out), rows, (one, o, t) -> dy.at(t, o));

                // Whatever is in these is overwritten first.
                NDArray product = manager.create(new Shape(rows, out));
                List<List<NDArray>> biases = List.of(List.of(bias));
                SCRIPT.run("layer", x.array, w.array, new Script.Tensors(biases), 0, kernel.code(), product);
                close(kernel, product, in + 1, (i, o, t) -> t < in ? y.at(i, o, t) : b.at(o, 0));
                NDArray gradient = manager.create(new Shape(rows, in));
                SCRIPT.run("data_gradient", dy.array, w.array, kernel.code(), gradient);
                close(kernel, gradient, out, dx);
                NDArray sum = manager.create(new Shape(out, in));
                SCRIPT.run("weight_gradient", dy.array, x.array, kernel.code(), true, sum);
                close(kernel, sum, rows, dw);
                SCRIPT.run("weight_gradient", dy.array, x.array, kernel.code(), false, sum);
                close(kernel, sum, rows, (o, j, t) -> 2 * dw.at(o, j, t));
            }
        }
    }

    /** One term of the sum that stands at (row, column). */
    @FunctionalInterface
    private interface Term {
        double at(int row, int column, int number);
    }

    /**
     * A sum of n float32 products errs by at most n u of the sum of absolute terms, u = 2^-24 (Higham, Accuracy and
     * Stability of Numerical Algorithms, section 3.1). In bfloat16 both operands and the result are rounded first, by
     * 2^-9 each.
     */
    private static void close(ProductKernel kernel, NDArray actual, int terms, Term term) {
        double unit = (terms + 1) * 0x1p-24 + (kernel == ProductKernel.BFLOAT16 ? 3.1 * 0x1p-9 : 0);
        float[] values = actual.toFloatArray();
        int columns = (int) actual.getShape().get(1);
        for (int at = 0; at < values.length; at++) {
            double sum = 0;
            double size = 0;
            for (int t = 0; t < terms; t++) {
                double one = term.at(at / columns, at % columns, t);
                sum += one;
                size += Math.abs(one);
            }
            assertThat((double) values[at]).as(kernel.name()).isBetween(sum - unit * size, sum + unit * size);
        }
    }

    private record Matrix(NDArray array, float[] values) {

        static Matrix random(NDManager manager, int seed, long rows, long columns) {
            SplittableRandom random = new SplittableRandom(seed);
            float[] values = new float[(int) (rows * columns)];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
            }
            return new Matrix(manager.create(values, new Shape(rows, columns)), values);
        }

        double at(int row, int column) {
            return values[row * (int) array.getShape().get(1) + column];
        }
    }
}
