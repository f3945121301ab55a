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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
        return kernels(
                experiment, experiment.train().precision().isReduced() ? ProductKernel.BFLOAT16 : ProductKernel.MATRIX);
    }

    private static Kernels kernels(Experiment experiment, ProductKernel kernel) {
        boolean rounds = experiment.train().precision() == Precision.BFLOAT16;
        boolean few = rowsPerExpert(experiment) < FEW_ROWS;
        return new Kernels(kernel, few && !rounds ? ProductKernel.MATRIX : kernel, rounds);
    }

    /**
     * The choice for an experiment.
     *
     * @param machine all that identifies the processor and how many threads of it are used
     * @param wish {@link #AUTO}, or the name of a kernel
     * @throws IllegalArgumentException in one line, if the wish makes no sense
     */
    public static Kernels of(Experiment experiment, Device device, String machine, String wish) {
        Precision precision = experiment.train().precision();
        if (!wish.equalsIgnoreCase(AUTO)) {
            ProductKernel wished = Kernels.parse(wish);
            if (precision.isReduced() != (wished == ProductKernel.BFLOAT16)) {
                throw new IllegalArgumentException("KERNELS is '" + wish + "', but train.precision is " + precision
                        + (precision.isReduced() ? ": allowed is bfloat16" : ": allowed are those without bfloat16")
                        + ", for example KERNELS=auto");
            }
            return kernels(experiment, wished);
        }
        boolean fused = experiment.model().dispatch() == DispatchForm.FUSED;
        return precision.isReduced() || !fused || device.isGpu() || largest(experiment) < SMALL
                ? fixed(experiment)
                : remembered(experiment, machine);
    }

    /** The choice that a run recorded: {@link #recordedName}. */
    public static Kernels recorded(Experiment experiment, String recorded) {
        return kernels(experiment, Kernels.parse(recordedName(recorded)));
    }

    /**
     * The name of the kernel that a run recorded. Earlier versions recorded one for each product, and had others;
     * matrix products stand for them, or bfloat16.
     */
    public static String recordedName(String recorded) {
        if (recorded.contains("bfloat16")) {
            return "bfloat16";
        }
        return recorded.equals("convolution") ? recorded : "matrix";
    }

    private static Kernels remembered(Experiment experiment, String machine) {
        List<Product> products = products(experiment);
        String key = machine + ", libtorch " + Engine.getInstance().getVersion() + ": products " + text(products);
        Path file = Utils.getCacheDir().resolve(FILE);
        try {
            Optional<ProcessLock> lock = lock(file.resolveSibling(FILE + ".lock"));
            try {
                Map<String, String> known = read(file);
                if (!known.containsKey(key)) {
                    known.put(key, measured(products).name().toLowerCase(Locale.ROOT));
                    WholeFile.write(
                            file, Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(known) + "\n");
                }
                return kernels(experiment, Kernels.parse(known.get(key)));
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

    private static ProductKernel measured(List<Product> products) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            return KernelTimer.fastest(manager, products, System.nanoTime() + NANOSECONDS);
        }
    }

    private static String text(List<Product> products) {
        return products.stream()
                .map(product -> product.rows() + "x" + product.in() + "x" + product.out())
                .toList()
                .toString();
    }

    private static long largest(Experiment experiment) {
        return products(experiment).stream()
                .mapToLong(product -> 2 * product.rows() * product.in() * product.out())
                .max()
                .orElseThrow();
    }

    private static long rowsPerExpert(Experiment experiment) {
        ModelConfig model = experiment.model();
        return (long) experiment.train().tokensPerBatch() * model.topK() / model.nExperts();
    }

    /** Of attention, and of experts whose kernel is not fixed. */
    private static List<Product> products(Experiment experiment) {
        ModelConfig model = experiment.model();
        long n = experiment.train().tokensPerBatch();
        List<Product> products = new ArrayList<>();
        products.add(new Product(n, model.dModel(), 3L * model.dModel()));
        products.add(new Product(n, model.dModel(), model.dModel()));
        long rows = rowsPerExpert(experiment);
        if (model.isSparse(model.nLayers() - 1) && rows >= FEW_ROWS) {
            products.add(new Product(rows, model.dModel(), model.dFf()));
            products.add(new Product(rows, model.dFf(), model.dModel()));
        }
        return products;
    }
}
