package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.provenance.Computation;
import dev.switchlab.session.EngineStart;
import dev.switchlab.train.KernelChoice;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** The device and threads to compute with. To be started before anything else touches DJL. */
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
                    "CPU threads. Results are equal to the bit only for equal counts (default: all cores, at most "
                            + EngineStart.MOST_THREADS + ").",
            converter = Count.class)
    private int threads;

    /** A number of threads, ranks or jobs; an option without one is 0. {@link Main} puts its name before messages. */
    static final class Count implements ITypeConverter<Integer> {

        @Override
        public Integer convert(String text) {
            return EngineStart.count("", text);
        }
    }

    /** Starts the engine and returns the device to compute on. */
    Device start() {
        return EngineStart.start(device, threads);
    }

    /** Takes {@code count} threads if no number was asked for. */
    void defaultThreads(int count) {
        if (threads == 0) {
            threads = count;
        }
    }

    /** Takes device and threads of a recorded run where none were asked for. */
    void defaultTo(Computation recorded) {
        defaultThreads(recorded.threads());
        if (isAuto() && recorded.device().equals("cpu")) {
            device = "cpu";
        }
    }

    /** Refuses any device but the CPU, and takes the CPU. */
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

    boolean isAuto() {
        return device.equalsIgnoreCase("auto");
    }

    /** CPU threads in use. */
    int threads() {
        return EngineStart.threads(threads);
    }

    /** Threads that were asked for; 0 if none were. */
    int askedThreads() {
        return threads;
    }

    /** What computes matrix products. */
    static final class Kernels {

        @Option(
                names = "--kernels",
                paramLabel = "auto|KERNELS",
                description =
                        "What computes matrix products: auto, matrix, convolution or bfloat16; decides the last digits"
                                + " (default: auto; resume and reproduce: as recorded).",
                defaultValue = "")
        private String kernels;

        Optional<String> asked() {
            return kernels.isBlank() ? Optional.empty() : Optional.of(kernels.strip());
        }

        String orAuto() {
            return asked().orElse(KernelChoice.AUTO);
        }
    }
}
