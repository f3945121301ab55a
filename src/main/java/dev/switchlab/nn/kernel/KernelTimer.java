package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** Times the kernels that multiply in float32 on given shapes. */
public final class KernelTimer {

    private static final Script SCRIPT = Script.of("kernel timer", ProductScript.METHODS + """
            def forward(self, x: Tensor, w: Tensor, dy: Tensor, kernel: int) -> Tensor:
              return self.product(x, w, kernel)
            def data(self, x: Tensor, w: Tensor, dy: Tensor, kernel: int) -> Tensor:
              return self.data_gradient(dy, w, kernel)
            def weight(self, x: Tensor, w: Tensor, dy: Tensor, kernel: int) -> Tensor:
              return self.weight_gradient(dy, x, kernel)
            """);

    private static final List<ProductKernel> CANDIDATES =
            List.of(ProductKernel.MATRIX, ProductKernel.CONVOLUTION, ProductKernel.LINEAR);
    private static final int REPEATS = 2;
    /** Another kernel than the matrix product has to be faster by this, or noise would choose. */
    private static final double MARGIN = 0.93;

    private KernelTimer() {}

    /**
     * The product of a layer.
     *
     * @param rows R
     * @param in features in
     * @param out features out
     */
    public record Product(long rows, long in, long out) {}

    /**
     * The fastest kernel for each of the three products of layers, over all of them.
     *
     * @param deadline by {@link System#nanoTime}; after it nothing more is timed, and what was not timed is a matrix product
     */
    public static ProductKernels fastest(NDManager manager, List<Product> layers, long deadline) {
        return new ProductKernels(
                fastest(manager, "forward", layers, deadline),
                fastest(manager, "data", layers, deadline),
                fastest(manager, "weight", layers, deadline));
    }

    private static ProductKernel fastest(NDManager manager, String product, List<Product> layers, long deadline) {
        Map<ProductKernel, Double> times = new TreeMap<>();
        for (ProductKernel kernel : CANDIDATES) {
            double time = time(manager, product, layers, kernel, deadline);
            if (System.nanoTime() > deadline) {
                return ProductKernel.MATRIX;
            }
            times.put(kernel, kernel == ProductKernel.MATRIX ? time * MARGIN : time);
        }
        ToDoubleFunction<Map.Entry<ProductKernel, Double>> time = Map.Entry::getValue;
        return times.entrySet().stream()
                .min(Comparator.comparingDouble(time))
                .orElseThrow()
                .getKey();
    }

    /** The shortest time of each layer, summed, in ns. The first run of each, which may compile, does not count. */
    private static double time(
            NDManager manager, String product, List<Product> layers, ProductKernel kernel, long deadline) {
        double sum = 0;
        for (Product layer : layers) {
            try (NDManager scope = manager.newSubManager()) {
                NDArray x = scope.ones(new Shape(layer.rows, layer.in)); // (R, in)
                NDArray w = scope.ones(new Shape(layer.out, layer.in)); // (out, in)
                NDArray dy = scope.ones(new Shape(layer.rows, layer.out)); // (R, out)
                long shortest = Long.MAX_VALUE;
                for (int i = 0; i <= REPEATS && System.nanoTime() < deadline; i++) {
                    long start = System.nanoTime();
                    SCRIPT.tensor(scope, product, x, w, dy, (long) kernel.code())
                            .close();
                    shortest = i == 0 ? shortest : Math.min(shortest, System.nanoTime() - start);
                }
                sum += shortest;
            }
        }
        return sum;
    }
}
