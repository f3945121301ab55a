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

    private static final Script SCRIPT = Script.of("linear", "experts", "kernel_timer");

    private static final List<ProductKernel> CANDIDATES = List.of(ProductKernel.MATRIX, ProductKernel.CONVOLUTION);

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
     * The fastest kernel for layers, forward and backward. All take turns, so that a busy moment falls on all.
     *
     * @param deadline by {@link System#nanoTime}; after it nothing more is timed. Where the time was too short to tell:
     *     matrix products.
     */
    public static ProductKernel fastest(NDManager manager, List<Product> layers, long deadline) {
        List<Turn> turns = new ArrayList<>();
        try (NDManager scope = manager.newSubManager()) {
            for (Product layer : layers) {
                NDArray x = scope.ones(new Shape(layer.rows, layer.in)); // (R, in)
                NDArray w = scope.ones(new Shape(layer.out, layer.in)); // (out, in)
                NDArray dy = scope.ones(new Shape(layer.rows, layer.out)); // (R, out)
                CANDIDATES.forEach(kernel -> turns.add(new Turn(kernel, x, w, dy)));
            }
            // Round 0 does not count: a kernel may compile then.
            for (int round = 0; round <= MOST_ROUNDS; round++) {
                for (Turn turn : turns) {
                    if (System.nanoTime() > deadline) {
                        return round <= LEAST_ROUNDS ? ProductKernel.MATRIX : fastest(turns);
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

    /** By the sum over all layers of the shortest time of each. */
    private static ProductKernel fastest(List<Turn> turns) {
        ToDoubleFunction<ProductKernel> time = kernel -> turns.stream()
                        .filter(turn -> turn.kernel == kernel)
                        .mapToLong(turn -> turn.shortest)
                        .sum()
                * (kernel == ProductKernel.MATRIX ? MARGIN : 1);
        return CANDIDATES.stream().min(Comparator.comparingDouble(time)).orElseThrow();
    }

    /** The products of one layer by one kernel. */
    private static final class Turn {

        private final ProductKernel kernel;
        private final NDArray x;
        private final NDArray w;
        private final NDArray dy;
        private long shortest = Long.MAX_VALUE;

        Turn(ProductKernel kernel, NDArray x, NDArray w, NDArray dy) {
            this.kernel = kernel;
            this.x = x;
            this.w = w;
            this.dy = dy;
        }

        void time(NDManager manager) {
            long start = System.nanoTime();
            SCRIPT.tensor(manager, "three_products", x, w, dy, kernel.code()).close();
            shortest = Math.min(shortest, System.nanoTime() - start);
        }
    }
}
