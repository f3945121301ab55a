package dev.switchlab.nn.kernel;

/**
 * What multiplies in each of the three products of a linear layer.
 *
 * @param forward {@code x W^T}
 * @param dataGradient {@code dy W}
 * @param weightGradient {@code dy^T x}
 */
public record ProductKernels(ProductKernel forward, ProductKernel dataGradient, ProductKernel weightGradient) {

    /** Matrix products: right everywhere, fast at any shape. */
    public static final ProductKernels MATRIX = all(ProductKernel.MATRIX);

    /** Rows per expert are rounded up to a multiple of this for kernels that compile for each new shape. */
    private static final int GRAIN = 32;

    /** One kernel for all three. */
    public static ProductKernels all(ProductKernel kernel) {
        return new ProductKernels(kernel, kernel, kernel);
    }

    /** Rows per expert come in multiples of this. */
    public int grain() {
        return forward.compiles() || dataGradient.compiles() || weightGradient.compiles() ? GRAIN : 1;
    }

    /** Whether operands of products are rounded to bfloat16. */
    public boolean isSelective() {
        return forward == ProductKernel.BFLOAT16;
    }

    /** As scripts want them. */
    long[] codes() {
        return new long[] {forward.code(), dataGradient.code(), weightGradient.code()};
    }
}
