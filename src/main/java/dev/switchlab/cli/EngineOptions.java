package dev.switchlab.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.switchlab.provenance.Computation;
import dev.switchlab.provenance.Libtorch;
import java.util.Locale;
import picocli.CommandLine.Option;

/** The device and threads that a command computes with. Has to be started before anything else touches DJL. */
final class EngineOptions {

    /** These models are too small for more to help. */
    private static final int MOST_THREADS = 8;

    @Option(
            names = "--device",
            paramLabel = "auto|cpu|gpu|gpu:N",
            description = "Where to compute; auto takes a CUDA device if there is one (default: ${DEFAULT-VALUE}).",
            defaultValue = "${env:SWITCHLAB_DEVICE:-auto}")
    private String device;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description =
                    "CPU threads; results are equal to the bit only for equal counts (default: all cores, at most "
                            + MOST_THREADS + ").",
            defaultValue = "${env:SWITCHLAB_THREADS:-0}")
    private int threads;

    /** Starts the engine and says which device it computes on. */
    Device start() {
        if (threads < 0) {
            throw new IllegalArgumentException("THREADS is " + threads + ", allowed: 1 or more, for example 2");
        }
        // DJL reads these once, when the engine starts. Offline: it would otherwise probe the network at start.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads()));
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        Engine engine = Engine.getInstance();
        if (!Libtorch.loaded().useDeterministicAlgorithms()) {
            System.err.println(
                    "WARNING: libtorch's deterministic algorithms cannot be switched on here: runs are seeded, but"
                            + " not equal to the bit");
        }
        return choose(device.toLowerCase(Locale.ROOT), engine.getGpuCount());
    }

    /** Starts as a run was computed, but for what is asked for. */
    Device startAs(Computation recorded) {
        if (threads == 0) {
            threads = recorded.threads();
        }
        if (isAuto() && recorded.device().equals("cpu")) {
            device = "cpu";
        }
        return start();
    }

    /** Whether the choice of the device was left to SwitchLab. */
    boolean isAuto() {
        return device.equalsIgnoreCase("auto");
    }

    /** CPU threads in use. */
    int threads() {
        return threads > 0
                ? threads
                : Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
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
                    + " CUDA devices; use DEVICE=cpu, or see \"CUDA\" in README.md for the libraries that it needs");
        }
        return Device.gpu(index);
    }
}
