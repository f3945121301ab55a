package dev.switchlab.nn.kernel;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What multiplies in a model. It decides the last digits of every result, so it is a part of what a run records.
 *
 * @param dense in layers that see all tokens: projections of attention, dense networks
 * @param experts in experts, which see some rows each: the same, or matrix products where the rows are few
 * @param rounds whether what stands between the products is rounded to bfloat16, too
 */
public record Kernels(ProductKernel dense, ProductKernel experts, boolean rounds) {

    /** Matrix products: what small models take, and where nothing has been measured. */
    public static final Kernels MATRIX = new Kernels(ProductKernel.MATRIX, ProductKernel.MATRIX);

    /** Kernels between which nothing is rounded. */
    public Kernels(ProductKernel dense, ProductKernel experts) {
        this(dense, experts, false);
    }

    /** The name of the one kernel that was chosen, which {@link #parse} reads. */
    @Override
    public String toString() {
        return dense.name().toLowerCase(Locale.ROOT);
    }

    /**
     * The kernel that a text names.
     *
     * @throws IllegalArgumentException in one line
     */
    public static ProductKernel parse(String text) {
        return Arrays.stream(ProductKernel.values())
                .filter(kernel -> kernel.name().equalsIgnoreCase(text.strip()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("KERNELS is '" + text + "', allowed: auto, "
                        + Arrays.stream(ProductKernel.values())
                                .map(kernel -> kernel.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", "))
                        + "; for example KERNELS=matrix"));
    }
}
