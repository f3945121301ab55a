package dev.switchlab.session;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.LibUtils;
import dev.switchlab.provenance.Libtorch;
import java.util.Locale;

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
        Thread loading = new Thread(LibUtils::loadLibrary, "libtorch");
        loading.setUncaughtExceptionHandler((thread, e) -> {});
        loading.setDaemon(true);
        loading.start();
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
        return choose(device.toLowerCase(Locale.ROOT), engine.getGpuCount());
    }

    /** {@code wanted} CPU threads; for 0, all cores but at most {@value #MOST_THREADS}. */
    public static int threads(int wanted) {
        return wanted > 0 ? wanted : Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    }

    /** The device for a request, given how many CUDA devices there are. */
    static Device choose(String request, int gpus) {
        if (request.equals("cpu") || (request.equals("auto") && gpus == 0)) {
            return Device.cpu();
        }
        if (request.equals("auto") || (request.equals("gpu") && gpus > 0)) {
            return Device.gpu();
        }
        if (!request.matches("gpu(:\\d{1,4})?")) {
            throw new IllegalArgumentException(
                    "DEVICE is '" + request + "', allowed: auto, cpu, gpu or gpu:N, for example DEVICE=gpu:0");
        }
        int index = request.equals("gpu") ? 0 : Integer.parseInt(request.substring(4));
        if (index >= gpus) {
            throw new IllegalArgumentException("DEVICE is '" + request + "', but DJL finds " + gpus
                    + " CUDA devices; use DEVICE=cpu, or see src/site/markdown/gpu.md for the CUDA libraries");
        }
        return Device.gpu(index);
    }
}
