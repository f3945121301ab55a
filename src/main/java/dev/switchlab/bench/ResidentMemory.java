package dev.switchlab.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Main memory that a process holds, in MB (10^6 bytes).
 *
 * @param now at this moment
 * @param peak the most that it ever held
 */
public record ResidentMemory(double now, double peak) {

    private static final Path STATUS = Path.of("/proc/self/status");

    /** Of this process; empty where the system does not tell (anything but Linux). */
    static Optional<ResidentMemory> read() {
        try {
            List<String> lines = Files.readAllLines(STATUS);
            return Optional.of(new ResidentMemory(megabytes(lines, "VmRSS:"), megabytes(lines, "VmHWM:")));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** In the file it is kB, by which it means KiB. */
    private static double megabytes(List<String> lines, String name) {
        String line =
                lines.stream().filter(text -> text.startsWith(name)).findFirst().orElse("");
        return 1024 * Double.parseDouble(line.replaceAll("\\D", "")) / 1e6;
    }
}
