package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
    private static final List<String> PRODUCTS = List.of("forward", "data", "weight");
    private static final int LEAST_ROUNDS = 2;
    private static final int MOST_ROUNDS = 8;
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
     * The fastest kernel for each of the three products of layers, over all of them. All take turns, so that a busy
     * moment falls on all.
     *
     * @param deadline by {@link System#nanoTime}; after it nothing more is timed. Where the time was too short to tell:
     *     matrix products.
     */
    public static ProductKernels fastest(NDManager manager, List<Product> layers, long deadline) {
        List<Turn> turns = new ArrayList<>();
        try (NDManager scope = manager.newSubManager()) {
            for (Product layer : layers) {
                List<NDArray> operands = List.of(
                        scope.ones(new Shape(layer.rows, layer.in)), // x (R, in)
                        scope.ones(new Shape(layer.out, layer.in)), // w (out, in)
                        scope.ones(new Shape(layer.rows, layer.out))); // dy (R, out)
                for (String product : PRODUCTS) {
                    CANDIDATES.forEach(kernel -> turns.add(new Turn(product, kernel, operands)));
                }
            }
            // Round 0 does not count: a kernel may compile then.
            for (int round = 0; round <= MOST_ROUNDS; round++) {
                for (Turn turn : turns) {
                    if (System.nanoTime() > deadline) {
                        return round <= LEAST_ROUNDS ? ProductKernels.MATRIX : fastest(turns);
                    }
                    turn.time(scope);
                }
                if (round == 0) {
                    turns.forEach(turn -> turn.shortest = Long.MAX_VALUE);
                }
            }
            return fastest(turns);
        }
    }

    private static ProductKernels fastest(List<Turn> turns) {
        return new ProductKernels(fastest(turns, "forward"), fastest(turns, "data"), fastest(turns, "weight"));
    }

    /** By the sum over all layers of the shortest time of each. */
    private static ProductKernel fastest(List<Turn> turns, String product) {
        ToDoubleFunction<ProductKernel> time = kernel -> turns.stream()
                        .filter(turn -> turn.product.equals(product) && turn.kernel == kernel)
                        .mapToLong(turn -> turn.shortest)
                        .sum()
                * (kernel == ProductKernel.MATRIX ? MARGIN : 1);
        return CANDIDATES.stream().min(Comparator.comparingDouble(time)).orElseThrow();
    }

    /** One product of one layer by one kernel. */
    private static final class Turn {

        private final String product;
        private final ProductKernel kernel;
        private final List<NDArray> operands;
        private long shortest = Long.MAX_VALUE;

        Turn(String product, ProductKernel kernel, List<NDArray> operands) {
            this.product = product;
            this.kernel = kernel;
            this.operands = operands;
        }

        void time(NDManager manager) {
            long start = System.nanoTime();
            SCRIPT.tensor(manager, product, operands.get(0), operands.get(1), operands.get(2), (long) kernel.code())
                    .close();
            shortest = Math.min(shortest, System.nanoTime() - start);
        }
    }
}
