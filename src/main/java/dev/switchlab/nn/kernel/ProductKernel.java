package dev.switchlab.nn.kernel;

/**
 * What multiplies two matrices. Which is fastest depends on processor and shape; the results differ in the last digits.
 */
public enum ProductKernel {
    /** libtorch's BLAS: MKL on x86-64. Any shape at once. */
    MATRIX(0),
    /** oneDNN's convolution with a 1 x 1 kernel. Compiles for each new shape. */
    CONVOLUTION(1),
    /** oneDNN's inner product, {@code mkldnn::_linear_pointwise}. Compiles for each new shape. */
    LINEAR(2),
    /** oneDNN with operands rounded to bfloat16, sums in float32. Compiles for each new shape. */
    BFLOAT16(3);

    private final int code;

    ProductKernel(int code) {
        this.code = code;
    }

    /** How scripts call it. */
    int code() {
        return code;
    }

    /** Whether each new shape costs time once: shapes are then rounded, so that few come back again and again. */
    boolean compiles() {
        return this != MATRIX;
    }
}
