package dev.switchlab.nn.kernel;

/**
 * What multiplies two matrices. Which is fastest depends on processor and shape; the results differ in the last digits.
 */
public enum ProductKernel {
    /** libtorch's BLAS: MKL on x86-64. Any shape at once. */
    MATRIX(0),
    /** oneDNN's convolution with a 1 x 1 kernel. Compiles for each new shape. */
    CONVOLUTION(1),
    /** oneDNN with operands rounded to bfloat16, sums in float32. Compiles for each new shape. */
    BFLOAT16(2);

    /** Rows per expert are rounded up to a multiple of this for kernels that compile for each new shape. */
    private static final int GRAIN = 32;

    private final int code;

    ProductKernel(int code) {
        this.code = code;
    }

    /** How scripts call it. */
    public long code() {
        return code;
    }

    /** Rows per expert come in multiples of this, so that few shapes come back again and again. */
    public int grain() {
        return this == MATRIX ? 1 : GRAIN;
    }
}
