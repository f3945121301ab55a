package dev.switchlab.lab;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/** A tensor in a few lines: type, shape, device, mean, extremes, and the values at its edges. */
final class TensorSummary {

    /** Tensors of at most so many elements show all of them. */
    private static final int SMALL = 64;
    /** Of a longer axis, so many entries at each end. */
    private static final int EDGE = 3;
    /** Larger tensors are not copied to the host for their statistics. */
    private static final long LARGEST = 50_000_000;

    private final double[] values;
    private final long[] shape;
    private final boolean whole;

    private TensorSummary(double[] values, long[] shape, boolean whole) {
        this.values = values;
        this.shape = shape;
        this.whole = whole;
    }

    /** Several lines. */
    static String of(NDArray array) {
        String line = line(array);
        return array.isReleased()
                ? line
                : host(array)
                        .filter(values -> values.length > 0)
                        .map(values -> line + "\n"
                                + new TensorSummary(values, array.getShape().getShape(), isWhole(array.getDataType()))
                                        .block(0, 0))
                        .orElse(line);
    }

    /** One line without values. */
    static String line(NDArray array) {
        if (array.isReleased()) {
            return "a tensor that is closed";
        }
        String what = String.format(
                Locale.ROOT,
                "%s %s on %s",
                array.getDataType().name().toLowerCase(Locale.ROOT),
                array.getShape(),
                array.getDevice().toString().replace("()", ""));
        return what
                + host(array)
                        .filter(values -> values.length > 1)
                        .map(values -> statistics(values, isWhole(array.getDataType())))
                        .orElse("");
    }

    private static String statistics(double[] values, boolean whole) {
        double[] numbers = Arrays.stream(values).filter(Double::isFinite).toArray();
        int odd = values.length - numbers.length;
        String finite = numbers.length == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        ": mean %s, min %s, max %s",
                        number(Arrays.stream(numbers).average().orElseThrow(), false),
                        number(Arrays.stream(numbers).min().orElseThrow(), whole),
                        number(Arrays.stream(numbers).max().orElseThrow(), whole));
        return finite
                + (odd == 0 ? "" : String.format(Locale.ROOT, "; %,d of %,d are NaN or infinite", odd, values.length));
    }

    /** Empty where the engine cannot hand the type over, or where the tensor is huge. */
    private static Optional<double[]> host(NDArray array) {
        if (array.size() > LARGEST) {
            return Optional.empty();
        }
        return switch (array.getDataType()) {
            case FLOAT32 -> {
                float[] floats = array.toFloatArray();
                yield Optional.of(IntStream.range(0, floats.length)
                        .mapToDouble(i -> floats[i])
                        .toArray());
            }
            case FLOAT64 -> Optional.of(array.toDoubleArray());
            case INT32 ->
                Optional.of(Arrays.stream(array.toIntArray()).asDoubleStream().toArray());
            case INT64 ->
                Optional.of(Arrays.stream(array.toLongArray()).asDoubleStream().toArray());
            case UINT8 ->
                Optional.of(Arrays.stream(array.toUint8Array()).asDoubleStream().toArray());
            case BOOLEAN -> {
                boolean[] flags = array.toBooleanArray();
                yield Optional.of(IntStream.range(0, flags.length)
                        .mapToDouble(i -> flags[i] ? 1 : 0)
                        .toArray());
            }
            default -> Optional.empty();
        };
    }

    private static boolean isWhole(DataType type) {
        return !type.isFloating();
    }

    /** The entries of axis {@code axis} that begin at {@code offset}. */
    private String block(int axis, int offset) {
        if (axis == shape.length) {
            return number(values[offset], whole);
        }
        int stride = (int) Arrays.stream(shape, axis + 1, shape.length).reduce(1, (a, b) -> a * b);
        boolean all = values.length <= SMALL || shape[axis] <= 2 * EDGE;
        StringBuilder text = new StringBuilder("[");
        String separator = axis == shape.length - 1 ? ", " : ",\n" + " ".repeat(axis + 1);
        for (int i = 0; i < shape[axis]; i++) {
            if (!all && i == EDGE) {
                text.append(separator).append("...");
                i = (int) shape[axis] - EDGE;
            }
            text.append(i == 0 ? "" : separator).append(block(axis + 1, offset + i * stride));
        }
        return text.append(']').toString();
    }

    private static String number(double value, boolean whole) {
        if (whole) {
            return Long.toString((long) value);
        }
        double size = Math.abs(value);
        if (value == 0 || !Double.isFinite(value)) {
            return value == 0 ? "0" : Double.toString(value);
        }
        return String.format(Locale.ROOT, size < 1e-3 || size >= 1e6 ? "%.3e" : "%.4f", value);
    }
}
