package dev.switchlab.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.bench.BenchResult.ProductTime;
import dev.switchlab.bench.StepProducts.StepProduct;
import dev.switchlab.bench.StepProducts.StepProduct.Direction;
import dev.switchlab.bench.Timing.Samples;
import dev.switchlab.nn.kernel.Script;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The matrix products of some steps by themselves, each shape once: what the steps would take if they were nothing
 * else.
 */
final class Roofline implements Subject {

    private final Map<StepProduct, ProductTimer> timers = new LinkedHashMap<>();

    Roofline(Collection<StepProducts> steps, Device device) {
        Set<StepProduct> products = new LinkedHashSet<>();
        steps.forEach(step -> products.addAll(step.times().keySet()));
        try {
            products.forEach(product -> timers.put(product, new ProductTimer(product, device)));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public void round(Samples samples) {
        timers.forEach((product, timer) -> timer.round().forEach((way, ms) -> samples.add(key(product) + way, ms)));
    }

    private static String key(StepProduct product) {
        return product + " by ";
    }

    /** Each product by its fastest way. */
    Map<StepProduct, ProductTime> times(Samples samples) {
        Map<String, Timing> timings = samples.timings();
        Map<StepProduct, ProductTime> times = new LinkedHashMap<>();
        for (StepProduct product : timers.keySet()) {
            Map<String, Timing> ways = new LinkedHashMap<>();
            timings.forEach((key, timing) -> {
                if (key.startsWith(key(product))) {
                    ways.put(key.substring(key(product).length()), timing);
                }
            });
            times.put(product, ProductTime.of(product, ways));
        }
        return times;
    }

    /** What the products of one step need by their fastest ways, in ms. */
    static double ms(StepProducts step, Map<StepProduct, ProductTime> times) {
        return step.times().entrySet().stream()
                .mapToDouble(entry -> times.get(entry.getKey()).ms() * entry.getValue())
                .sum();
    }

    /** Of one step, in its order. */
    static List<ProductTime> of(StepProducts step, Map<StepProduct, ProductTime> times) {
        return step.times().keySet().stream().map(times::get).toList();
    }

    @Override
    public void close() {
        timers.values().forEach(ProductTimer::close);
    }

    /**
     * One product by itself, by each way that libtorch has for it: many times in one call, so that only the product is
     * timed.
     */
    static final class ProductTimer implements AutoCloseable {

        /** Without gradients; results go where nothing has to be allocated, as far as the operator allows. */
        private static final Script SCRIPT = Script.of("products", """
                def product(self, a: Tensor, b: Tensor, c: Tensor, times: int) -> Tensor:
                  for _0 in range(times):
                    _1 = torch.mm(a, b, out=c)
                  return c
                def batched(self, a: Tensor, b: Tensor, c: Tensor, times: int) -> Tensor:
                  for _0 in range(times):
                    _1 = torch.bmm(a, b, out=c)
                  return c
                def slices(self, a: List[Tensor], b: List[Tensor], c: List[Tensor], times: int) -> Tensor:
                  for _0 in range(times):
                    for i in range(torch.len(a)):
                      _1 = torch.mm(a[i], b[i], out=c[i])
                  return c[0]
                def forward(self, x: Tensor, w: Tensor, groups: int, times: int) -> Tensor:
                  y = x
                  for _0 in range(times):
                    y = torch.convolution(x, w, None, [1, 1], [0, 0], [2, 2], False, [0, 0], groups)
                  return y
                def data_gradient(self, dy: Tensor, x: Tensor, w: Tensor, groups: int, times: int) -> Tensor:
                  y = x
                  for _0 in range(times):
                    y, _1, _2 = torch.convolution_backward(dy, x, w, None, [1, 1], [0, 0], [2, 2], False, [0, 0], groups, [True, False, False])
                  return y
                def weight_gradient(self, dy: Tensor, x: Tensor, w: Tensor, groups: int, times: int) -> Tensor:
                  y = x
                  for _0 in range(times):
                    _1, y, _2 = torch.convolution_backward(dy, x, w, None, [1, 1], [0, 0], [2, 2], False, [0, 0], groups, [False, True, False])
                  return y
                """);

        /** A call is that long at least, so that calling is nothing. */
        private static final double LEAST_MS = 1.5;

        private static final int MOST_TIMES = 2000;

        private final StepProduct product;
        private final NDManager manager;
        private final Map<String, Candidate> candidates = new LinkedHashMap<>();
        private final Map<String, Integer> times = new LinkedHashMap<>();

        private interface Candidate {
            /** The last result. */
            NDArray run(int times);
        }

        ProductTimer(StepProduct product, Device device) {
            this.product = product;
            manager = NDManager.newBaseManager(device);
            if (product.groups() == 1) {
                product();
            } else {
                batched();
            }
            if (!product.role().isAttention()) {
                if (product.groups() > 1) {
                    slices();
                }
                convolution();
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
                    readOne(result); // a device works on while the host goes on
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

        /** The ms of one product by each candidate, now. */
        Map<String, Double> round() {
            Map<String, Double> ms = new LinkedHashMap<>();
            candidates.forEach((name, candidate) -> ms.put(name, ms(candidate, times.get(name))));
            return ms;
        }

        private void product() {
            NDArray a = factor(product.layout() == StepProduct.Layout.TN, 1, product.m(), product.k());
            NDArray b = factor(product.layout() == StepProduct.Layout.NT, 1, product.k(), product.n());
            NDArray c = random(product.m(), product.n());
            NDArray a2 = a.squeeze(0); // (m, k)
            NDArray b2 = b.squeeze(0); // (k, n)
            candidates.put("matrix product", n -> SCRIPT.tensor(manager, "product", a2, b2, c, n));
        }

        private void batched() {
            NDArray a = factor(product.layout() == StepProduct.Layout.TN, product.groups(), product.m(), product.k());
            NDArray b = factor(product.layout() == StepProduct.Layout.NT, product.groups(), product.k(), product.n());
            NDArray c = random(product.groups(), product.m(), product.n());
            candidates.put("batched product", n -> SCRIPT.tensor(manager, "batched", a, b, c, n));
        }

        private void slices() {
            NDArray a = factor(product.layout() == StepProduct.Layout.TN, product.groups(), product.m(), product.k());
            NDArray b = factor(product.layout() == StepProduct.Layout.NT, product.groups(), product.k(), product.n());
            NDArray c = random(product.groups(), product.m(), product.n());
            List<NDArray> as = slices(a);
            List<NDArray> bs = slices(b);
            List<NDArray> cs = slices(c);
            candidates.put("product per expert", n -> SCRIPT.tensor(manager, "slices", as, bs, cs, n));
        }

        private List<NDArray> slices(NDArray all) {
            List<NDArray> slices = new ArrayList<>();
            for (int i = 0; i < product.groups(); i++) {
                slices.add(all.get(i));
            }
            return slices;
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
        private void convolution() {
            int groups = product.groups();
            int rows = product.direction() == Direction.WEIGHT_GRADIENT ? product.k() : product.m();
            long in = product.direction() == Direction.FORWARD ? product.k() : product.n();
            long out = (long) (product.flop() / 2 / groups / rows / in);
            NDArray x = random(1, rows, 1, groups * in).transpose(0, 3, 1, 2); // (1, G * in, R, 1)
            NDArray dy = random(1, rows, 1, groups * out).transpose(0, 3, 1, 2); // (1, G * out, R, 1)
            NDArray w = random(groups * out, in, 1, 1);
            candidates.put("convolution", n -> switch (product.direction()) {
                case FORWARD -> SCRIPT.tensor(manager, "forward", x, w, groups, n);
                case DATA_GRADIENT -> SCRIPT.tensor(manager, "data_gradient", dy, x, w, groups, n);
                case WEIGHT_GRADIENT -> SCRIPT.tensor(manager, "weight_gradient", dy, x, w, groups, n);
            });
        }

        private NDArray random(long... shape) {
            return manager.randomNormal(0, 1, new Shape(shape), DataType.FLOAT32);
        }

        @Override
        public void close() {
            manager.close();
        }
    }
}
