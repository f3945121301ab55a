package dev.switchlab.golden;

import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * How one tensor differs from the expected one. NaN on either side is always wrong, and infinitely far off.
 *
 * @param shape the tensor, as in {@code F32 [64, 4, 8]}
 * @param problem why the tensors cannot be compared element by element, or empty
 * @param wrong number of elements beyond the tolerance
 * @param units the largest error, in units of the tolerance of its element; at most 1 passes
 * @param relative errors relative to the expected value, where that is not zero
 * @param worst the elements that are furthest off, in units of the tolerance; empty when none is wrong
 */
public record TensorDifference(
        String name,
        String shape,
        String problem,
        int elements,
        int wrong,
        Bound bound,
        double units,
        boolean bitEqual,
        Spread absolute,
        Spread relative,
        List<Element> worst) {

    private static final int WORST = 10;
    private static final String GRADIENT = "grad.";
    private static final String NORM = "output.gradnorm.";

    /** How far an element may be off: {@code |actual - expected| <= absolute + relative * |expected|}. */
    public record Bound(double absolute, double relative) {

        /** Equal values only. */
        static final Bound EXACT = new Bound(0, 0);

        /** The largest difference from an expected value. */
        double of(double expected) {
            return absolute + relative * Math.abs(expected);
        }

        Bound widened(double by) {
            return new Bound(absolute + by, relative);
        }

        @Override
        public String toString() {
            return equals(EXACT)
                    ? "none (exact)"
                    : String.format(Locale.ROOT, "%.2e + %.1e * |expected|", absolute, relative);
        }
    }

    /** Largest, mean and median of errors. */
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

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "max %.3g, mean %.3g, median %.3g", max, mean, median);
        }
    }

    /** One element with its index, as in {@code [3, 0, 7]}, and its error in units of its tolerance. */
    public record Element(String index, double expected, double actual, double units) {

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%s expected %s, got %s (%.3g times the tolerance)",
                    index,
                    digits(expected),
                    digits(actual),
                    units);
        }

        /** Whole numbers as such, others with enough digits to tell float32 values apart. */
        private static String digits(double value) {
            return value == Math.rint(value) && Math.abs(value) < 1e9
                    ? Long.toString((long) value)
                    : String.format(Locale.ROOT, "%.9g", value);
        }
    }

    /**
     * Compares all tensors that a case expects with all that the model gave; none may be missing on either side.
     *
     * @return one difference for each tensor of either side, by name
     */
    static List<TensorDifference> all(Map<String, Tensor> expected, Map<String, Tensor> given, Tolerances tolerances) {
        Map<String, Tensor> actual = withNorms(expected, given);
        List<TensorDifference> differences = new ArrayList<>();
        expected.forEach((name, tensor) -> {
            Tensor own = actual.get(name);
            if (own == null) {
                differences.add(incomparable(name, tensor, "the model gives no such tensor"));
            } else if (own.dtype() != tensor.dtype() || !Arrays.equals(own.shape(), tensor.shape())) {
                differences.add(incomparable(name, tensor, "the model gives " + own));
            } else {
                differences.add(of(name, tensor, own, tolerances.of(name, tensor.dtype())));
            }
        });
        actual.forEach((name, tensor) -> {
            // Cases leave empty arrays out: no output.dropped means that nothing was dropped.
            if (!expected.containsKey(name) && tensor.elements() > 0) {
                differences.add(incomparable(name, tensor, "the case lacks this tensor"));
            }
        });
        return differences;
    }

    /** A large case stores the norm of some gradients only. */
    private static Map<String, Tensor> withNorms(Map<String, Tensor> expected, Map<String, Tensor> given) {
        Map<String, Tensor> actual = new TreeMap<>();
        given.forEach((name, tensor) -> {
            String norm = name.startsWith(GRADIENT) ? NORM + name.substring(GRADIENT.length()) : "";
            if (expected.containsKey(norm)) {
                double squares = Arrays.stream(tensor.doubles()).map(g -> g * g).sum();
                actual.put(norm, Tensor.of(new float[] {(float) Math.sqrt(squares)}));
            } else {
                actual.put(name, tensor);
            }
        });
        return actual;
    }

    /** What is wrong with the tensor, in lines; its worst elements last. */
    List<String> failure() {
        if (!problem.isEmpty()) {
            return List.of("    " + name + " " + shape + ": " + problem);
        }
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "    %s %s: %d of %d elements (%.1f%%) wrong, tolerance %s",
                name,
                shape,
                wrong,
                elements,
                100.0 * wrong / elements,
                bound));
        lines.add("      absolute error: " + absolute + "; relative error: " + relative);
        worst.forEach(element -> lines.add("      " + element));
        return lines;
    }

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
                Bound.EXACT,
                Double.POSITIVE_INFINITY,
                false,
                Spread.NONE,
                Spread.NONE,
                List.of());
    }

    /** Compares element by element; both have the same dtype and shape. */
    static TensorDifference of(String name, Tensor expected, Tensor actual, Bound bound) {
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
