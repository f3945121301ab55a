package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import dev.switchlab.nn.kernel.Script;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Every read of a tensor's values by {@code nn} and {@code train}, counted. On a GPU such a read waits until all that
 * is queued has run, so a training step may have one, at its end.
 *
 * <p>Counted are our own reads; whether a kernel of libtorch waits inside is not seen.
 */
public final class HostCopy {

    private static final Script PACK = Script.of("packing");

    private static final AtomicLong COPIES = new AtomicLong();

    private HostCopy() {}

    /** How many there were in this process. */
    public static long count() {
        return COPIES.get();
    }

    /** float32 values, row by row. */
    public static float[] floats(NDArray array) {
        COPIES.incrementAndGet();
        return array.toFloatArray();
    }

    /** float64 values, row by row. */
    public static double[] doubles(NDArray array) {
        COPIES.incrementAndGet();
        return array.toDoubleArray();
    }

    /** int64 values, row by row. */
    public static long[] longs(NDArray array) {
        COPIES.incrementAndGet();
        return array.toLongArray();
    }

    /** Truth values, row by row. */
    public static boolean[] booleans(NDArray array) {
        COPIES.incrementAndGet();
        return array.toBooleanArray();
    }

    /**
     * Many tensors in one read, each row by row, as float64: exact for float32, and for integers up to 2^53.
     *
     * @param manager scratch for the read; keeps nothing
     * @param arrays on one device
     */
    public static List<double[]> all(NDManager manager, List<NDArray> arrays) {
        double[] numbers;
        try (NDArray packed = PACK.tensor(manager, "pack_doubles", arrays)) {
            numbers = doubles(packed);
        }
        List<double[]> read = new ArrayList<>();
        int at = 0;
        for (NDArray array : arrays) {
            int size = Math.toIntExact(array.size());
            read.add(Arrays.copyOfRange(numbers, at, at + size));
            at += size;
        }
        return read;
    }

    /**
     * The memory of a contiguous tensor on the CPU itself, in the order of this machine: what is written there is in
     * the tensor. Lives as long as the tensor.
     */
    public static ByteBuffer memory(NDArray array) {
        COPIES.incrementAndGet();
        return array.toByteBuffer(true);
    }

    /** The value of a scalar of type float32, float64 or int64. */
    public static double number(NDArray scalar) {
        COPIES.incrementAndGet();
        if (scalar.getDataType() == DataType.FLOAT64) {
            return scalar.getDouble();
        }
        return scalar.getDataType() == DataType.INT64 ? scalar.getLong() : scalar.getFloat();
    }
}
