package dev.switchlab.train;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.util.Utils;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.TrainConfig.Precision;
import dev.switchlab.io.Json;
import dev.switchlab.io.ProcessLock;
import dev.switchlab.io.WholeFile;
import dev.switchlab.nn.kernel.KernelTimer;
import dev.switchlab.nn.kernel.KernelTimer.Product;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.nn.kernel.ProductKernel;
import dev.switchlab.nn.kernel.ProductKernels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which kernels a model multiplies with.
 *
 * <p>Which is fastest depends on the processor and on the shapes: on one, convolutions take half the time of matrix
 * products, on the next they are slower. So they are timed, for at most 0.3 s, and the choice is kept beside the
 * engine's files: for one processor, one libtorch, one number of threads and one set of shapes it is made once, so that
 * two runs on a machine never differ by noise. Small models, models on a GPU and those of plain operators take matrix
 * products without being timed.
 */
public final class KernelChoice {

    /** Says that the choice is left to measurement. */
    public static final String AUTO = "auto";

    private static final String FILE = "switchlab-kernels.json";
    private static final long NANOSECONDS = 300_000_000;
    /** Operations of the largest product below which overhead decides, not the kernel. */
    private static final long SMALL = 40_000_000;
    /**
     * Rows per expert below which only matrix products do. Others compile for each new number of rows, so that rows are
     * padded to few numbers of them, and bfloat16 costs more in rounding than it saves in multiplying.
     */
    private static final long FEW_ROWS = 128;

    private KernelChoice() {}

    /** The choice without a measurement: matrix products, or bfloat16 where the experiment says so. */
    public static Kernels fixed(Experiment experiment) {
        if (experiment.train().precision() == Precision.FLOAT32) {
            return Kernels.MATRIX;
        }
        ProductKernels half = ProductKernels.all(ProductKernel.BFLOAT16);
        return new Kernels(half, rowsPerExpert(experiment) < FEW_ROWS ? ProductKernels.MATRIX : half);
    }

    /**
     * The choice for an experiment.
     *
     * @param machine all that identifies the processor and how many threads of it are used
     * @param wish {@link #AUTO}, or a text of {@link Kernels}
     * @throws IllegalArgumentException in one line, if the wish makes no sense
     */
    public static Kernels of(Experiment experiment, Device device, String machine, String wish) {
        boolean selective = experiment.train().precision() == Precision.SELECTIVE;
        if (!wish.equalsIgnoreCase(AUTO)) {
            Kernels wished = Kernels.parse(wish);
            if (selective != wished.dense().isSelective()) {
                throw new IllegalArgumentException("KERNELS is '" + wish + "', but train.precision is "
                        + (selective
                                ? "selective: allowed are those with bfloat16"
                                : "float32: allowed are those without bfloat16")
                        + ", for example KERNELS=auto");
            }
            return wished;
        }
        boolean fused = experiment.model().dispatch() == DispatchForm.FUSED;
        return selective || !fused || device.isGpu() || largest(experiment) < SMALL
                ? fixed(experiment)
                : remembered(experiment, machine);
    }

    private static Kernels remembered(Experiment experiment, String machine) {
        List<Product> dense = dense(experiment);
        List<Product> experts = experts(experiment);
        String key = machine + ", libtorch " + Engine.getInstance().getVersion() + ": dense " + text(dense)
                + ", experts " + text(experts);
        Path file = Utils.getCacheDir().resolve(FILE);
        try {
            Optional<ProcessLock> lock = lock(file.resolveSibling(FILE + ".lock"));
            try {
                Map<String, String> known = read(file);
                if (!known.containsKey(key)) {
                    known.put(key, measured(dense, experts).toString());
                    WholeFile.write(
                            file, Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(known) + "\n");
                }
                return Kernels.parse(known.get(key));
            } finally {
                lock.ifPresent(ProcessLock::close);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    file + " cannot be read or written (" + e.getMessage()
                            + "), so no kernels can be remembered; name them instead, for example KERNELS=matrix",
                    e);
        }
    }

    /** One process measures, others that start at the same time wait for what it finds. */
    private static Optional<ProcessLock> lock(Path file) throws IOException {
        Optional<ProcessLock> lock = ProcessLock.take(file);
        for (int i = 0; i < 100 && lock.isEmpty(); i++) {
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return lock;
            }
            lock = ProcessLock.take(file);
        }
        return lock;
    }

    private static Map<String, String> read(Path file) throws IOException {
        return Files.exists(file)
                ? Json.MAPPER.readValue(Files.readString(file), new TypeReference<TreeMap<String, String>>() {})
                : new TreeMap<>();
    }

    private static Kernels measured(List<Product> dense, List<Product> experts) {
        long deadline = System.nanoTime() + NANOSECONDS;
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            if (experts.isEmpty()) {
                return alike(KernelTimer.fastest(manager, dense, deadline));
            }
            if (experts.get(0).rows() < FEW_ROWS) {
                return new Kernels(KernelTimer.fastest(manager, dense, deadline), ProductKernels.MATRIX);
            }
            ProductKernels ofDense = KernelTimer.fastest(manager, dense, deadline - NANOSECONDS / 2);
            return new Kernels(ofDense, KernelTimer.fastest(manager, experts, deadline));
        }
    }

    private static Kernels alike(ProductKernels kernels) {
        return new Kernels(kernels, kernels);
    }

    private static String text(List<Product> products) {
        return products.stream()
                .map(product -> product.rows() + "x" + product.in() + "x" + product.out())
                .toList()
                .toString();
    }

    private static long largest(Experiment experiment) {
        List<Product> all = new ArrayList<>(dense(experiment));
        all.addAll(experts(experiment));
        return all.stream()
                .mapToLong(product -> 2 * product.rows() * product.in() * product.out())
                .max()
                .orElseThrow();
    }

    private static long rowsPerExpert(Experiment experiment) {
        ModelConfig model = experiment.model();
        return (long) experiment.train().tokensPerBatch() * model.topK() / model.nExperts();
    }

    private static List<Product> dense(Experiment experiment) {
        ModelConfig model = experiment.model();
        long n = experiment.train().tokensPerBatch();
        List<Product> products = new ArrayList<>();
        products.add(new Product(n, model.dModel(), 3L * model.dModel()));
        products.add(new Product(n, model.dModel(), model.dModel()));
        return products;
    }

    private static List<Product> experts(Experiment experiment) {
        ModelConfig model = experiment.model();
        long rows = rowsPerExpert(experiment);
        if (rows == 0 || !model.isSparse(model.nLayers() - 1)) {
            return List.of();
        }
        return List.of(new Product(rows, model.dModel(), model.dFf()), new Product(rows, model.dFf(), model.dModel()));
    }
}
