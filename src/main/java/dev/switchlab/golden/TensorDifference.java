package dev.switchlab.golden;

import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How one tensor differs from the expected one. NaN on either side is always wrong, and infinitely far off.
 *
 * @param name full name
 * @param shape the tensor, as in {@code F32 [64, 4, 8]}
 * @param problem why the tensors cannot be compared element by element, or empty
 * @param elements number of elements
 * @param wrong elements beyond the tolerance
 * @param bound its tolerance
 * @param units the largest error, in units of the tolerance of its element; at most 1 passes
 * @param bitEqual whether all elements are equal to the bit
 * @param absolute absolute errors
 * @param relative errors relative to the expected value, where that is not zero
 * @param worst the elements that are furthest off, in units of the tolerance; empty when none is wrong
 */
public record TensorDifference(
        String name,
        String shape,
        String problem,
        int elements,
        int wrong,
        ErrorBound bound,
        double units,
        boolean bitEqual,
        Spread absolute,
        Spread relative,
        List<Element> worst) {

    private static final int WORST = 10;

    /**
     * Largest, mean and median of errors.
     *
     * @param max largest
     * @param mean mean
     * @param median median
     */
    public record Spread(double max, double mean, double median) {

        static final Spread NONE = new Spread(0, 0, 0);

        static Spread of(double[] errors) {
            if (errors.length == 0) {
                return NONE;
            }
            double[] sorted = errors.clone();
            Arrays.sort(sorted); // NaN sorts last: it is the largest
            int middle = sorted.length / 2;
            double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
            return new Spread(
                    sorted[sorted.length - 1], Arrays.stream(sorted).average().orElse(0), median);
        }
    }

    /**
     * One element.
     *
     * @param index its index, as in {@code [3, 0, 7]}
     * @param expected the reference's value
     * @param actual this model's value
     * @param units its error in units of its tolerance
     */
    public record Element(String index, double expected, double actual, double units) {}

    /** Whether the tensor is within its tolerance. */
    public boolean passed() {
        return problem.isEmpty() && wrong == 0;
    }

    /** A tensor that is missing, superfluous, or of another shape or dtype. */
    static TensorDifference incomparable(String name, Tensor tensor, String problem) {
        int elements = tensor.elements();
        return new TensorDifference(
                name,
                tensor.toString(),
                problem,
                elements,
                elements,
                ErrorBound.EXACT,
                Double.POSITIVE_INFINITY,
                false,
                Spread.NONE,
                Spread.NONE,
                List.of());
    }

    /** Compares element by element; both have the same dtype and shape. */
    static TensorDifference of(String name, Tensor expected, Tensor actual, ErrorBound bound) {
        double[] e = values(expected);
        double[] a = values(actual);
        double[] absolute = new double[e.length];
        double[] units = new double[e.length];
        for (int i = 0; i < e.length; i++) {
            absolute[i] = error(e[i], a[i]);
            units[i] = absolute[i] == 0 || Double.isInfinite(absolute[i]) ? absolute[i] : absolute[i] / bound.of(e[i]);
        }
        double[] relative = IntStream.range(0, e.length)
                .filter(i -> e[i] != 0)
                .mapToDouble(i -> absolute[i] == 0 ? 0 : absolute[i] / Math.abs(e[i]))
                .toArray();
        int wrong = (int) Arrays.stream(units).filter(u -> !(u <= 1)).count();
        return new TensorDifference(
                name,
                expected.toString(),
                "",
                e.length,
                wrong,
                bound,
                Arrays.stream(units).max().orElse(0),
                expected.data().equals(actual.data()),
                Spread.of(absolute),
                Spread.of(relative),
                wrong == 0 ? List.of() : worst(expected.shape(), e, a, units));
    }

    private static double error(double expected, double actual) {
        if (expected == actual) {
            return 0; // also equal infinities
        }
        double error = Math.abs(actual - expected);
        return Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
    }

    private static List<Element> worst(long[] shape, double[] expected, double[] actual, double[] units) {
        return IntStream.range(0, units.length)
                .boxed()
                .filter(i -> !(units[i] <= 1))
                .sorted(Comparator.comparingDouble(i -> -units[i]))
                .limit(WORST)
                .map(i -> new Element(index(shape, i), expected[i], actual[i], units[i]))
                .toList();
    }

    private static String index(long[] shape, int flat) {
        long[] index = new long[shape.length];
        long rest = flat;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            index[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        return Arrays.toString(index);
    }

    private static double[] values(Tensor tensor) {
        Dtype dtype = tensor.dtype();
        if (dtype.isFloat()) {
            return tensor.doubles();
        }
        if (dtype.isInteger()) {
            return Arrays.stream(tensor.longs()).asDoubleStream().toArray();
        }
        boolean[] flags = tensor.booleans();
        return IntStream.range(0, flags.length)
                .mapToDouble(i -> flags[i] ? 1 : 0)
                .toArray();
    }
}
