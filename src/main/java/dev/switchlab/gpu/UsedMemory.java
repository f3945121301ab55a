package dev.switchlab.gpu;

import ai.djl.Device;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/**
 * Memory in use, in MB (10^6 bytes); empty where the system does not tell.
 *
 * @param resident of this process
 * @param onDevice of the GPU, other processes' included, as {@code nvidia-smi} tells it
 */
record UsedMemory(OptionalDouble resident, OptionalDouble onDevice) {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final int LIMIT_SECONDS = 10;
    private static final double MEBI_TO_MEGA = 1.048576;

    static UsedMemory now(Device device) {
        System.gc(); // what Java holds, and what its garbage holds of the engine's
        return new UsedMemory(ofProcess(), device.isGpu() ? ofGpu(device.getDeviceId()) : OptionalDouble.empty());
    }

    private static OptionalDouble ofProcess() {
        try {
            return Files.readAllLines(STATUS).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) * 1024 / 1e6)
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }

    private static OptionalDouble ofGpu(int index) {
        try {
            Process process = new ProcessBuilder(
                            "nvidia-smi", "--id=" + index, "--query-gpu=memory.used", "--format=csv,noheader,nounits")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return OptionalDouble.empty();
            }
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return OptionalDouble.of(Double.parseDouble(text) * MEBI_TO_MEGA);
        } catch (IOException | NumberFormatException e) {
            return OptionalDouble.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return OptionalDouble.empty();
        }
    }
}
