package dev.switchlab.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** What Linux tells of memory; elsewhere nothing is known. */
public final class AvailableMemory {

    private static final Path MACHINE = Path.of("/proc/meminfo");

    private AvailableMemory() {}

    /** Bytes that programs could have on this machine: more than is free, because caches give way. */
    public static OptionalLong bytes() {
        return field(MACHINE, "MemAvailable:");
    }

    /** Bytes of memory that this machine has. */
    public static OptionalLong total() {
        return field(MACHINE, "MemTotal:");
    }

    /** Bytes of memory that a process has in use now. */
    public static OptionalLong of(long pid) {
        return field(Path.of("/proc", Long.toString(pid), "status"), "VmRSS:");
    }

    /** The most bytes that a process has had in use so far. */
    public static OptionalLong peakOf(long pid) {
        return field(Path.of("/proc", Long.toString(pid), "status"), "VmHWM:");
    }

    private static OptionalLong field(Path file, String name) {
        try {
            List<String> lines = Files.readAllLines(file);
            return lines.stream()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty(); // Not Linux, or the process has ended.
        }
    }
}
