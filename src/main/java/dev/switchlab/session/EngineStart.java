package dev.switchlab.session;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.LibUtils;
import com.google.common.util.concurrent.Uninterruptibles;
import dev.switchlab.provenance.Libtorch;
import dev.switchlab.provenance.NvidiaDriver;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** Starts the engine for commands and the prompt alike, so that either repeats a run of the other to the bit. */
public final class EngineStart {

    /** More threads do not help models of this size. */
    public static final int MOST_THREADS = 8;

    /** More threads, ranks or jobs than any machine has cores for. */
    private static final int MOST = 1024;

    private EngineStart() {}

    /**
     * Reads a number of threads, ranks or jobs.
     *
     * @param what its name, which begins the message
     * @throws IllegalArgumentException in one line, for other text
     */
    public static int count(String what, String text) {
        int count = text.strip().matches("\\d{1,4}") ? Integer.parseInt(text.strip()) : 0;
        if (count < 1 || count > MOST) {
            throw new IllegalArgumentException(
                    what + " is '" + text + "', allowed: whole numbers from 1 to " + MOST + ", for example 2");
        }
        return count;
    }

    /**
     * Begins to load libtorch on another thread: it takes as long as all else that a command does before it computes.
     * If that fails, {@link #start} fails likewise and says so.
     */
    public static void begin() {
        stayOffline();
        Thread loading = new Thread(
                () -> {
                    CudaLibraries.prepare();
                    LibUtils.loadLibrary();
                },
                "libtorch");
        loading.setUncaughtExceptionHandler((thread, e) -> {});
        loading.setDaemon(true);
        loading.start();
        // An exit in the middle of loading, such as that of a refused command, crashes in libtorch's destructors.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Uninterruptibles.joinUninterruptibly(loading)));
    }

    /** DJL probes the network when the engine starts unless offline; to download libraries: -Dai.djl.offline=false. */
    private static void stayOffline() {
        System.setProperty("ai.djl.offline", System.getProperty("ai.djl.offline", "true"));
    }

    /**
     * Starts the engine: offline, with deterministic algorithms.
     *
     * @param device auto, cpu, gpu or gpu:N
     * @param threads CPU threads; 0 for the {@linkplain #threads(int) default}
     * @return the device to compute on
     */
    public static Device start(String device, int threads) {
        stayOffline();
        CudaLibraries.prepare();
        // DJL reads these properties once, when the engine starts.
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads(threads)));
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        Engine engine = Engine.getInstance();
        JniUtils.setNumThreads(threads(threads)); // at the prompt, a tensor may have started the engine already
        if (!Libtorch.loaded().useDeterministicAlgorithms()) {
            System.err.println(
                    "WARNING: libtorch's deterministic algorithms are not available: runs are seeded, not bitwise"
                            + " reproducible");
        }
        int gpus = engine.getGpuCount();
        String flavor = Libtorch.flavor();
        return choose(
                device.toLowerCase(Locale.ROOT),
                gpus,
                gpu -> NvidiaDriver.trouble(flavor).or(() -> failure(gpu)),
                reason -> {
                    if (flavor.startsWith("cu")) {
                        System.err.println("WARNING: computing on the CPU, not on a GPU: " + reason);
                    }
                });
    }

    /** {@code wanted} CPU threads; for 0, all cores but at most {@value #MOST_THREADS}. */
    public static int threads(int wanted) {
        return wanted > 0 ? wanted : Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    }

    /**
     * The device for a request.
     *
     * @param gpus how many CUDA devices there are
     * @param trouble why a device cannot be used; empty if it can
     * @param warn takes the reason why {@code auto} is the CPU
     */
    static Device choose(String request, int gpus, Function<Device, Optional<String>> trouble, Consumer<String> warn) {
        if (!request.matches("auto|cpu|gpu(:\\d{1,4})?")) {
            throw new IllegalArgumentException(
                    "DEVICE is '" + request + "', allowed: auto, cpu, gpu or gpu:N, for example DEVICE=gpu:0");
        }
        if (request.equals("cpu")) {
            return Device.cpu();
        }
        Device gpu = Device.gpu(request.startsWith("gpu:") ? Integer.parseInt(request.substring(4)) : 0);
        Optional<String> reason = gpu.getDeviceId() < gpus || gpus == 0
                ? trouble.apply(gpu)
                : Optional.of("the last one is gpu:" + (gpus - 1));
        if (reason.isEmpty() && gpus > 0) {
            return gpu;
        }
        String why = reason.orElse("CUDA's runtime was found too late");
        if (request.equals("auto")) {
            warn.accept(why);
            return Device.cpu();
        }
        throw new IllegalArgumentException("DEVICE is '" + request + "', but DJL finds " + gpus + " CUDA devices: "
                + why + "; use DEVICE=cpu, or see src/site/markdown/gpu.md");
    }

    /**
     * What goes wrong when a device computes; empty if nothing does. A GPU that libtorch was not built for is found,
     * but fails.
     */
    private static Optional<String> failure(Device device) {
        try (NDManager manager = NDManager.newBaseManager(device)) {
            manager.ones(new Shape(1)).add(1).toFloatArray();
            return Optional.empty();
        } catch (EngineException e) {
            return String.valueOf(e.getMessage()).lines().findFirst();
        }
    }
}
