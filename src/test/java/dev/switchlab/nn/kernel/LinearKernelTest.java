package dev.switchlab.nn.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The three products of a linear layer by each kernel, against sums in double precision. */
class LinearKernelTest {

    /** Rows, in, out. */
    private static final List<long[]> SIZES = List.of(
            new long[] {1, 1, 1}, new long[] {1, 7, 3}, new long[] {5, 1, 4}, new long[] {33, 17, 9}, new long[] {
                64, 16, 32
            });

    @TestFactory
    Stream<DynamicTest> everyKernelMultiplies() {
        return Stream.of(ProductKernel.values())
                .flatMap(kernel -> SIZES.stream()
                        .map(size -> DynamicTest.dynamicTest(
                                kernel + " " + size[0] + " x " + size[1] + " to " + size[2],
                                () -> multiplies(kernel, size[0], size[1], size[2]))));
    }

    private static void multiplies(ProductKernel kernel, long rows, long in, long out) {
        ProductKernels kernels = ProductKernels.all(kernel);
        try (NDManager manager = NDManager.newBaseManager()) {
            Matrix x = Matrix.random(manager, 1, rows, in);
            Matrix w = Matrix.random(manager, 2, out, in);
            Matrix b = Matrix.random(manager, 3, out, 1);
            Matrix dy = Matrix.random(manager, 4, rows, out);
            NDArray bias = b.array.reshape(out);

            NDArray y = LinearKernel.forward(manager, x.array, w.array, List.of(), kernels);
            close(kernel, y, (int) in, (i, o, t) -> x.at(i, t) * w.at(o, t));
            NDArray withBias = LinearKernel.forward(manager, x.array, w.array, List.of(bias), kernels);
            close(kernel, withBias, (int) in + 1, (i, o, t) -> t < in ? x.at(i, t) * w.at(o, t) : b.at(o, 0));

            NDArray[] gradients = LinearKernel.backward(manager, dy.array, x.array, w.array, kernels);
            close(kernel, gradients[0], (int) out, (i, j, t) -> dy.at(i, t) * w.at(t, j));
            close(kernel, gradients[1], (int) rows, (o, j, t) -> dy.at(t, o) * x.at(t, j));
            assertThat(gradients[2].getShape()).isEqualTo(bias.getShape());
            close(ProductKernel.MATRIX, gradients[2].reshape(1, out), (int) rows, (one, o, t) -> dy.at(t, o));
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
            assertThat((double) values[at]).isBetween(sum - unit * size, sum + unit * size);
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
