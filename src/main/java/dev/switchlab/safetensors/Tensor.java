package dev.switchlab.safetensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * A dense, row-major array of one element type. Immutable; equal when dtype, shape and bytes are equal, so NaN equals
 * the same NaN and 0.0 differs from -0.0.
 */
public final class Tensor {
    private final Dtype dtype;
    private final long[] shape;
    private final ByteBuffer data;

    /**
     * A tensor over existing bytes, which must not change afterwards.
     *
     * @param dtype element type
     * @param shape sizes, none negative; empty for a scalar
     * @param data little-endian bytes from position to limit, exactly as many as dtype and shape need
     * @throws IllegalArgumentException if the byte count does not fit
     */
    public Tensor(Dtype dtype, long[] shape, ByteBuffer data) {
        this.dtype = Objects.requireNonNull(dtype, "dtype");
        this.shape = shape.clone();
        this.data = data.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        long needed = byteCount(dtype, shape);
        if (needed != this.data.limit()) {
            throw new IllegalArgumentException(dtype + " " + Arrays.toString(shape) + " needs " + needed
                    + " bytes, but there are " + this.data.limit());
        }
    }

    /** Bytes that a tensor takes. Throws {@link ArithmeticException} on overflow or a negative size. */
    static long byteCount(Dtype dtype, long[] shape) {
        long count = dtype.bytes();
        for (long size : shape) {
            if (size < 0) {
                throw new ArithmeticException("negative size " + size);
            }
            count = Math.multiplyExact(count, size);
        }
        return count;
    }

    /** F32 from a copy of {@code values}. */
    public static Tensor of(float[] values, long... shape) {
        ByteBuffer bytes = allocate(Dtype.F32, values.length);
        bytes.asFloatBuffer().put(values);
        return new Tensor(Dtype.F32, shape, bytes);
    }

    /** I64 from a copy of {@code values}. */
    public static Tensor of(long[] values, long... shape) {
        ByteBuffer bytes = allocate(Dtype.I64, values.length);
        bytes.asLongBuffer().put(values);
        return new Tensor(Dtype.I64, shape, bytes);
    }

    private static ByteBuffer allocate(Dtype dtype, int elements) {
        return ByteBuffer.allocate(Math.multiplyExact(dtype.bytes(), elements)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Element type. */
    public Dtype dtype() {
        return dtype;
    }

    /** A copy of the sizes; empty for a scalar. */
    public long[] shape() {
        return shape.clone();
    }

    /** Number of elements. */
    public int elements() {
        return data.limit() / dtype.bytes();
    }

    /** A read-only little-endian view of the bytes, position 0. */
    public ByteBuffer data() {
        return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The elements as floats: F32 as they are, F16 and BF16 widened without loss.
     *
     * @throws IllegalStateException for another dtype
     */
    public float[] floats() {
        float[] values = new float[elements()];
        switch (dtype) {
            case F32 -> data().asFloatBuffer().get(values);
            case F16 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = halfToFloat(data.getShort(2 * i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = Float.intBitsToFloat(data.getShort(2 * i) << 16);
                }
            }
            default -> throw wrongDtype("F32, F16 or BF16");
        }
        return values;
    }

    /**
     * The elements of any floating-point dtype as doubles, without loss.
     *
     * @throws IllegalStateException for another dtype
     */
    public double[] doubles() {
        if (dtype == Dtype.F64) {
            double[] values = new double[elements()];
            data().asDoubleBuffer().get(values);
            return values;
        }
        if (!dtype.isFloat()) {
            throw wrongDtype("F64, F32, F16 or BF16");
        }
        float[] floats = floats();
        double[] values = new double[floats.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = floats[i];
        }
        return values;
    }

    /**
     * The elements of any integer dtype; U8 is unsigned.
     *
     * @throws IllegalStateException for another dtype
     */
    public long[] longs() {
        long[] values = new long[elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (dtype) {
                case I64 -> data.getLong(8 * i);
                case I32 -> data.getInt(4 * i);
                case I16 -> data.getShort(2 * i);
                case I8 -> data.get(i);
                case U8 -> Byte.toUnsignedInt(data.get(i));
                default -> throw wrongDtype("an integer dtype");
            };
        }
        return values;
    }

    /**
     * The elements of a BOOL tensor; any non-zero byte is true.
     *
     * @throws IllegalStateException for another dtype
     */
    public boolean[] booleans() {
        if (dtype != Dtype.BOOL) {
            throw wrongDtype("BOOL");
        }
        boolean[] values = new boolean[elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = data.get(i) != 0;
        }
        return values;
    }

    /** IEEE 754 binary16 to binary32. {@code Float.float16ToFloat} needs JDK 20. */
    private static float halfToFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >>> 10) & 0x1f;
        int fraction = half & 0x3ff;
        if (exponent == 0x1f) {
            return Float.intBitsToFloat(sign | 0x7f800000 | fraction << 13);
        }
        if (exponent == 0) {
            float subnormal = fraction * 0x1p-24f;
            return sign == 0 ? subnormal : -subnormal;
        }
        return Float.intBitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
    }

    private IllegalStateException wrongDtype(String wanted) {
        return new IllegalStateException("The tensor is " + this + ", not " + wanted);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Tensor tensor
                && dtype == tensor.dtype
                && Arrays.equals(shape, tensor.shape)
                && data.equals(tensor.data);
    }

    @Override
    public int hashCode() {
        return Objects.hash(dtype, Arrays.hashCode(shape), data);
    }

    /** Dtype and shape, for example {@code F32 [64, 4, 8]}. */
    @Override
    public String toString() {
        return dtype + " " + Arrays.toString(shape);
    }
}
