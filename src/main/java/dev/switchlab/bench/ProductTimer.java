package dev.switchlab.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.bench.StepProducts.StepProduct;
import dev.switchlab.bench.StepProducts.StepProduct.Direction;
import dev.switchlab.bench.StepProducts.StepProduct.Layout;
import dev.switchlab.bench.Timing.Samples;
import dev.switchlab.nn.kernel.Script;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * One matrix product by itself, by each way that libtorch has for it: many times in one call, so that only the product
 * is timed.
 */
final class ProductTimer implements Subject {

    /** Without gradients; results go where nothing has to be allocated, as far as the operator allows. */
    private static final Script SCRIPT = Script.of("products");

    /** The shortest time of a call, so that the call itself does not count. */
    private static final double LEAST_MS = 1.5;

    private static final int MOST_TIMES = 2000;

    private final NDManager manager;
    private final Map<String, Candidate> candidates = new LinkedHashMap<>();
    private final Map<String, Integer> times = new LinkedHashMap<>();

    private interface Candidate {
        /** The last result. */
        NDArray run(int times);
    }

    ProductTimer(StepProduct product, Device device) {
        manager = NDManager.newBaseManager(device);
        int groups = product.groups();
        NDArray a = factor(product.layout() == Layout.TN, groups, product.m(), product.k()); // (G, m, k)
        NDArray b = factor(product.layout() == Layout.NT, groups, product.k(), product.n()); // (G, k, n)
        NDArray c = random(groups, product.m(), product.n()); // (G, m, n)
        if (groups > 1) {
            candidates.put("batched product", n -> SCRIPT.tensor(manager, "batched", a, b, c, n));
        }
        if (groups == 1 || !product.role().isAttention()) {
            List<NDArray> as = slices(a);
            List<NDArray> bs = slices(b);
            List<NDArray> cs = slices(c);
            candidates.put(
                    groups == 1 ? "matrix product" : "product per expert",
                    n -> SCRIPT.tensor(manager, "slices", as, bs, cs, n));
        }
        if (!product.role().isAttention()) {
            candidates.put("convolution", convolution(product));
        }
        candidates.forEach((name, candidate) -> {
            ms(candidate, 1); // the first call compiles
            times.put(name, (int) Math.min(MOST_TIMES, Math.max(1, Math.ceil(LEAST_MS / ms(candidate, 1)))));
        });
    }

    private static double ms(Candidate candidate, int times) {
        long start = System.nanoTime();
        try (NDArray result = candidate.run(times)) {
            if (result.getDevice().isGpu()) {
                readOne(result); // waits for the device
            }
            return (System.nanoTime() - start) / 1e6 / times;
        }
    }

    private static void readOne(NDArray result) {
        try (NDArray flat = result.flatten();
                NDArray one = flat.get(0)) {
            one.getFloat();
        }
    }

    /** Adds the ms of one product by each candidate. */
    @Override
    public void round(Samples samples) {
        candidates.forEach((name, candidate) -> samples.add(name, ms(candidate, times.get(name))));
    }

    private static List<NDArray> slices(NDArray all) {
        return IntStream.range(0, (int) all.getShape().get(0))
                .mapToObj(all::get)
                .toList();
    }

    /** (groups, rows, columns), as stored or as the transposed view of what is stored. */
    private NDArray factor(boolean isTransposed, int groups, int rows, int columns) {
        return isTransposed
                ? random(groups, columns, rows).transpose(0, 2, 1) // (G, rows, columns)
                : random(groups, rows, columns); // (G, rows, columns)
    }

    /**
     * A picture of R x 1 pixels whose memory has the channels last, and a kernel of one pixel per group (see
     * nn.Products).
     */
    private Candidate convolution(StepProduct product) {
        int groups = product.groups();
        int rows = product.direction() == Direction.WEIGHT_GRADIENT ? product.k() : product.m();
        long in = product.direction() == Direction.FORWARD ? product.k() : product.n();
        long out = (long) (product.flop() / 2 / groups / rows / in);
        NDArray x = random(1, rows, 1, groups * in).transpose(0, 3, 1, 2); // (1, G * in, R, 1)
        NDArray dy = random(1, rows, 1, groups * out).transpose(0, 3, 1, 2); // (1, G * out, R, 1)
        NDArray w = random(groups * out, in, 1, 1);
        return switch (product.direction()) {
            case FORWARD -> n -> SCRIPT.tensor(manager, "forward", x, w, groups, n);
            case DATA_GRADIENT -> n -> SCRIPT.tensor(manager, "data_gradient", dy, x, w, groups, n);
            case WEIGHT_GRADIENT -> n -> SCRIPT.tensor(manager, "weight_gradient", dy, x, w, groups, n);
        };
    }

    private NDArray random(long... shape) {
        return manager.randomNormal(0, 1, new Shape(shape), DataType.FLOAT32);
    }

    @Override
    public void close() {
        manager.close();
    }
}
