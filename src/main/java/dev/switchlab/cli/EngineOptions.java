package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.provenance.Computation;
import dev.switchlab.session.EngineStart;
import picocli.CommandLine.Option;

/** The device and threads that a command computes with. Has to be started before anything else touches DJL. */
final class EngineOptions {

    @Option(
            names = "--device",
            paramLabel = "auto|cpu|gpu|gpu:N",
            description = "Where to compute; auto takes a CUDA device if there is one (default: ${DEFAULT-VALUE}).",
            defaultValue = "auto")
    private String device;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description =
                    "CPU threads; results are equal to the bit only for equal counts (default: all cores, at most "
                            + EngineStart.MOST_THREADS + ").",
            defaultValue = "0")
    private int threads;

    /** Starts the engine and says which device it computes on. */
    Device start() {
        return EngineStart.start(device, threads);
    }

    /** Takes so many threads where none were asked for. */
    void defaultThreads(int count) {
        if (threads == 0) {
            threads = count;
        }
    }

    /** Threads that were asked for; 0 if the number was left to SwitchLab. */
    int askedThreads() {
        return threads;
    }

    /** Refuses anything but the CPU, and takes it. */
    void requireCpu(String what) {
        if (!isAuto() && !device.equalsIgnoreCase("cpu")) {
            throw new IllegalArgumentException("DEVICE is '" + device + "', allowed with " + what + ": cpu");
        }
        device = "cpu";
    }

    /** The device as it was asked for. */
    String device() {
        return device;
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
        return EngineStart.threads(threads);
    }
}
